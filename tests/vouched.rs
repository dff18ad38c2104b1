//! A certificate for 127.0.0.1 and the authority that made it, in files, for servers that are no program of ours.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// Writes `server-ca.crt`, `server.crt` and `server.key` into `home`.
pub(crate) fn write_server_certificate(home: &Path) {
    let (authority_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(home.join("server-ca.crt"), params.self_signed(&authority_key).unwrap().pem()).unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = server.signed_by(&key, &Issuer::new(params, authority_key)).unwrap();
    fs::write(home.join("server.crt"), certificate.pem()).unwrap();
    fs::write(home.join("server.key"), key.serialize_pem()).unwrap();
}
