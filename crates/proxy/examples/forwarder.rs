//! A worker's proxy alone, without master, sandbox and runtime files: what `scripts/bench/count` counts instructions of.
//!
//!     cargo run --package dproxy-proxy --example forwarder -- LISTEN BACKEND [CERTIFICATE KEY]
//!
//! Serves the name `bench.local` as a worker would, with the board of all workers and an account for the route, until it is interrupted.
//! With a certificate and its key, two files in PEM, it speaks TLS and nothing else.

use std::error::Error;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use dproxy_config::{Certificate, ProxySettings, Secret, TlsSettings};
use dproxy_proxy::{Atlas, Proxy};
use dproxy_route::{Backend, Entry, HostPattern, PathPrefix, Route};
use dproxy_stats::{Board, Ledger, Page, Row};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::runtime::{Builder, LocalOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [listen, backend, files @ ..] = &words[..] else {
        return Err("say where to listen and where to forward to".into());
    };
    let listener = TcpListener::bind(listen)?;
    let settings = ProxySettings { tls: tls(files, listener.local_addr()?.port())?, ..ProxySettings::default() };
    let atlas = atlas(settings, backend.parse()?)?;
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

/// TLS at `port`, if there are a certificate and its key.
fn tls(files: &[String], port: u16) -> Result<TlsSettings, Box<dyn Error>> {
    let [certificate, key] = files else { return Ok(TlsSettings::default()) };
    let certificate = Certificate {
        file: certificate.clone(),
        names: vec!["bench.local".parse()?],
        default: true,
        chain: CertificateDer::pem_file_iter(certificate)?.map(|der| Ok(der?.to_vec())).collect::<Result<_, pem::Error>>()?,
        key: Secret::new(PrivateKeyDer::from_pem_file(key)?.secret_der().to_vec()),
        staple: None,
    };
    Ok(TlsSettings { ports: vec![port], certificates: Arc::new([certificate]), ..TlsSettings::default() })
}

/// One route, with a column on the board and an account.
fn atlas(settings: ProxySettings, backend: SocketAddr) -> Result<Atlas, Box<dyn Error>> {
    let route = Route::fixed(0, "bench.local".parse::<HostPattern>()?, PathPrefix::root(), Backend::at(backend));
    let columns = route.backends().map(|backend| (backend.id.clone(), 0)).collect();
    Ok(Atlas::of_entries(settings, vec![Entry { columns, accounts: vec![(route.name(), 0)], routes: vec![route] }]))
}

fn memory(bytes: usize) -> std::io::Result<File> {
    let file = tempfile::tempfile()?;
    file.set_len(bytes as u64)?;
    Ok(file)
}
