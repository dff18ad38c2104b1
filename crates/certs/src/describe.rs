//! What people want to know of a certificate.

use std::time::SystemTime;

use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_SIG_ED25519};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use crate::vouch::{parse, time};

/// What is written in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Who vouches for it.
    pub issuer: String,
    /// The kind of its key: `ECDSA P-256`, `RSA 2048`.
    pub key: String,
    /// From when it is valid.
    pub begins: SystemTime,
    /// Until when.
    pub ends: SystemTime,
}

impl Description {
    /// Of a certificate in DER; none if that is broken.
    #[must_use]
    pub fn of(der: &[u8]) -> Option<Description> {
        let parsed: X509Certificate<'_> = parse(der).ok()?;
        let validity = parsed.validity();
        Some(Description {
            issuer: called(parsed.issuer()),
            key: kind(parsed.public_key()),
            begins: time(validity.not_before.timestamp()),
            ends: time(validity.not_after.timestamp()),
        })
    }
}

/// By its common name, with the organization before it; else all of it, as it is written.
fn called(name: &X509Name<'_>) -> String {
    let organization = name.iter_organization().find_map(|part| part.as_str().ok());
    let common = name.iter_common_name().find_map(|part| part.as_str().ok());
    match (organization, common) {
        (Some(organization), Some(common)) if organization != common => format!("{organization} {common}"),
        (_, Some(name)) | (Some(name), None) => name.to_owned(),
        (None, None) => name.to_string(),
    }
}

fn kind(key: &SubjectPublicKeyInfo<'_>) -> String {
    let curve = key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        Ok(PublicKey::EC(_)) => match curve {
            Some(oid) if oid == OID_EC_P256 => "ECDSA P-256".to_owned(),
            Some(oid) if oid == OID_NIST_EC_P384 => "ECDSA P-384".to_owned(),
            Some(oid) if oid == OID_NIST_EC_P521 => "ECDSA P-521".to_owned(),
            Some(_) | None => "ECDSA".to_owned(),
        },
        _ if key.algorithm.algorithm == OID_SIG_ED25519 => "Ed25519".to_owned(),
        _ => key.algorithm.algorithm.to_id_string(),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{
        CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
        PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm, date_time_ymd,
    };

    use super::*;

    fn description(algorithm: &'static SignatureAlgorithm, issuer: &[(DnType, &str)]) -> Description {
        let mut params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        issuer.iter().for_each(|(kind, value)| params.distinguished_name.push(kind.clone(), *value));
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 2), date_time_ymd(2027, 3, 4));
        Description::of(params.self_signed(&KeyPair::generate_for(algorithm).unwrap()).unwrap().der()).unwrap()
    }

    #[test]
    fn the_kind_of_a_key_is_named_as_people_do() {
        let check = |algorithm, expected: &str| assert_eq!(description(algorithm, &[]).key, expected);
        check(&PKCS_ECDSA_P256_SHA256, "ECDSA P-256");
        check(&PKCS_ECDSA_P384_SHA384, "ECDSA P-384");
        check(&PKCS_ECDSA_P521_SHA512, "ECDSA P-521");
        check(&PKCS_ED25519, "Ed25519");
        check(&PKCS_RSA_SHA256, "RSA 2048");
    }

    #[test]
    fn an_issuer_is_named_by_what_it_says_of_itself() {
        use DnType::{CommonName, CountryName, OrganizationName};
        let check = |issuer: &[(DnType, &str)], expected: &str| assert_eq!(description(&PKCS_ECDSA_P256_SHA256, issuer).issuer, expected);
        check(&[(CommonName, "R3"), (OrganizationName, "Let's Encrypt"), (CountryName, "US")], "Let's Encrypt R3");
        check(&[(CommonName, "dproxy local authority")], "dproxy local authority");
        check(&[(CommonName, "Same"), (OrganizationName, "Same")], "Same");
        check(&[(OrganizationName, "Shop")], "Shop");
        check(&[(CountryName, "DE")], "C=DE");
        check(&[], "");
    }

    #[test]
    fn what_is_no_certificate_has_no_description() {
        let description = description(&PKCS_ECDSA_P256_SHA256, &[]);
        assert!(description.begins < description.ends);
        assert_eq!(Description::of(&[]), None);
        assert_eq!(Description::of(&[0x30, 3, 10, 1, 3]), None);
    }
}
