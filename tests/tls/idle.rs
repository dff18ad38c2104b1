//! What clients cost that have asked once and stay.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use dproxy_testkit::{Origin, resident};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{Secure, Shop};

type Client = StreamOwned<ClientConnection, TcpStream>;

/// How clients speak that believe in this shop.
fn config(secure: &Secure) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(secure.shop.ca()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

/// A client that has had one answer.
fn answered(secure: &Secure, config: &Arc<ClientConfig>) -> Client {
    let session = ClientConnection::new(Arc::clone(config), "a.test".try_into().unwrap()).unwrap();
    let mut client = StreamOwned::new(session, TcpStream::connect(("127.0.0.1", secure.port)).unwrap());
    client.write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    client
}

#[test]
fn a_client_of_tls_that_idles_keeps_nothing_of_its_handshake() {
    let origin = Origin::saying("ok");
    let secure = Shop::with(&["a.test"]).serve(|options| options.workers(1).route("a.test", &[origin.addr()]));
    let (config, worker) = (config(&secure), secure.dproxy.worker_pids()[0]);
    let burst = |count: usize| (0..count).map(|_| answered(&secure, &config)).collect::<Vec<Client>>();
    // What the first ones need is there for all.
    let first = burst(20);
    let before = resident(worker);
    let more = burst(400);
    secure.dproxy.wait_for("what was only needed for a while to be given back", || resident(worker).saturating_sub(before) < 400 * 15);
    drop((first, more));
}
