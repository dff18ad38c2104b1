//! A worker's proxy alone, without master, sandbox and runtime files: what `scripts/bench/count` counts instructions of.
//!
//!     cargo run --package dproxy-proxy --example forwarder -- LISTEN BACKEND
//!
//! Serves the name `bench.local` as a worker would, with the board of all workers and an account for the route, until it is interrupted.

use std::error::Error;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};

use dproxy_config::ProxySettings;
use dproxy_proxy::{Atlas, Proxy};
use dproxy_route::{Backend, Entry, HostPattern, PathPrefix, Route};
use dproxy_stats::{Board, Ledger, Page, Row};
use tokio::runtime::{Builder, LocalOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1).map(|word| word.parse::<SocketAddr>());
    let (Some(listen), Some(backend)) = (words.next(), words.next()) else {
        return Err("say where to listen and where to forward to".into());
    };
    let (listener, atlas) = (TcpListener::bind(listen?)?, atlas(backend?)?);
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let ledger = Ledger::new(Board::map(&memory(Board::BYTES)?)?, Row::map(&memory(Row::BYTES)?)?);
        let proxy = Proxy::sharing(atlas, Page::map(&memory(Page::BYTES)?)?, ledger, 0);
        let address = listener.local_addr()?;
        let _listening = proxy.listen(listener, address)?;
        tokio::select! {
            () = proxy.keep_time() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        Ok(())
    })
}

/// One route, with a column on the board and an account.
fn atlas(backend: SocketAddr) -> Result<Atlas, Box<dyn Error>> {
    let route = Route::fixed(0, "bench.local".parse::<HostPattern>()?, PathPrefix::root(), Backend::at(backend));
    let columns = route.backends().map(|backend| (backend.id.clone(), 0)).collect();
    Ok(Atlas::of_entries(ProxySettings::default(), vec![Entry { columns, accounts: vec![(route.name(), 0)], routes: vec![route] }]))
}

fn memory(bytes: usize) -> std::io::Result<File> {
    let file = tempfile::tempfile()?;
    file.set_len(bytes as u64)?;
    Ok(file)
}
