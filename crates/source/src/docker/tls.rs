//! TLS to an engine: its own authority is the only one trusted, as with Docker's command line.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use dproxy_config::DockerTls;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, InvalidDnsNameError, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Why there is no TLS connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("cannot read `{path}`")]
    File {
        path: PathBuf,
        #[source]
        cause: pem::Error,
    },
    #[error("`{path}` holds no certificate")]
    Empty { path: PathBuf },
    #[error("these certificates cannot be used")]
    Refused(#[source] rustls::Error),
    #[error("`{name}` is no name that a certificate can have")]
    Name {
        name: String,
        #[source]
        cause: InvalidDnsNameError,
    },
    #[error("no agreement")]
    Handshake(#[source] io::Error),
}

/// A client with the certificates in `files`, read anew: they may have been renewed.
pub(super) fn client(files: &DockerTls) -> Result<ClientConfig, TlsError> {
    let mut authorities = RootCertStore::empty();
    for authority in certificates(&files.ca)? {
        authorities.add(authority).map_err(TlsError::Refused)?;
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|cause| TlsError::File { path: files.key.clone(), cause })?;
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Refused)?
        .with_root_certificates(authorities)
        .with_client_auth_cert(certificates(&files.cert)?, key)
        .map_err(TlsError::Refused)
}

/// Secures a connection to `host`.
pub(super) async fn connect(connector: &TlsConnector, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, TlsError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|cause| TlsError::Name { name: host.to_owned(), cause })?;
    connector.connect(name, stream).await.map_err(TlsError::Handshake)
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let broken = |cause| TlsError::File { path: path.clone(), cause };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(broken)?.collect();
    let found = found.map_err(broken)?;
    if found.is_empty() { Err(TlsError::Empty { path: path.clone() }) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn unusable_files_are_told_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let files = DockerTls { ca: path("ca.pem"), cert: path("cert.pem"), key: path("key.pem") };
        let refused = |expected: &str| {
            let error = client(&files).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        refused("ca.pem`");
        fs::write(&files.ca, "no certificate").unwrap();
        refused("ca.pem` holds no certificate");
        fs::write(&files.ca, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
        refused("ca.pem`");
        fs::write(&files.ca, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").unwrap();
        refused("these certificates cannot be used");
    }
}
