//! Records on a Redis server: a hash for each collection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dproxy_config::RedisUrl;
use dproxy_tls::public_authorities;
use redis::{Client, Connection, RedisError, TlsCertificates};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::engine::{SCHEMA, judge, read};
use crate::{Change, Collection, Record, Store, StoreError};

/// So long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(2);
const SCHEMA_KEY: &str = "dproxy:schema";

/// Keeps records on a Redis server.
pub struct RedisStore {
    /// Without the password.
    place: String,
    connection: Connection,
}

fn hash(collection: Collection) -> String {
    format!("dproxy:{collection}")
}

impl RedisStore {
    /// Dials the server.
    ///
    /// # Errors
    /// When it does not answer or does not let us in, and when a newer dproxy has written there.
    pub fn open(url: &RedisUrl) -> Result<RedisStore, StoreError> {
        let place = url.to_string();
        let connection = dial(url)?;
        let mut store = RedisStore { place, connection };
        match store.schema()? {
            Some(found) => judge(|| store.place.clone(), found)?,
            None => store.asking(|connection| redis::cmd("SET").arg(SCHEMA_KEY).arg(SCHEMA).exec(connection))?,
        }
        Ok(store)
    }

    fn schema(&mut self) -> Result<Option<u64>, StoreError> {
        self.asking(|connection| redis::cmd("GET").arg(SCHEMA_KEY).query(connection))
    }

    fn asking<T>(&mut self, ask: impl FnOnce(&mut Connection) -> Result<T, RedisError>) -> Result<T, StoreError> {
        ask(&mut self.connection).map_err(|cause| StoreError::Redis { place: self.place.clone(), cause: Box::new(cause) })
    }
}

impl Store for RedisStore {
    fn list(&mut self, collection: Collection) -> Result<BTreeMap<String, Arc<Record>>, StoreError> {
        let texts: BTreeMap<String, Vec<u8>> = self.asking(|connection| redis::cmd("HGETALL").arg(hash(collection)).query(connection))?;
        Ok(texts
            .into_iter()
            .filter_map(|(key, text)| Some((read(collection, &key, &text)?, key)))
            .map(|(record, key)| (key, record))
            .collect())
    }

    fn get(&mut self, collection: Collection, key: &str) -> Result<Option<Arc<Record>>, StoreError> {
        let text: Option<Vec<u8>> = self.asking(|connection| redis::cmd("HGET").arg(hash(collection)).arg(key).query(connection))?;
        Ok(text.and_then(|text| read(collection, key, &text)))
    }

    fn batch(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let mut transaction = redis::pipe();
        transaction.atomic();
        for Change { collection, key, record } in changes {
            match record {
                Some(record) => transaction.cmd("HSET").arg(hash(*collection)).arg(key).arg(record.text()).ignore(),
                None => transaction.cmd("HDEL").arg(hash(*collection)).arg(key).ignore(),
            };
        }
        self.asking(|connection| transaction.exec(connection))
    }

    fn check(&mut self) -> Result<(), StoreError> {
        match self.schema()? {
            Some(_) => Ok(()),
            None => Err(StoreError::Emptied { place: self.place.clone() }),
        }
    }
}

fn dial(url: &RedisUrl) -> Result<Connection, StoreError> {
    let client = client(url)?;
    let attempt = || {
        let connection = client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        Ok(connection)
    };
    attempt().map_err(failed(url))
}

fn client(url: &RedisUrl) -> Result<Client, StoreError> {
    if !url.is_secured() {
        return Client::open(url.reveal()).map_err(failed(url));
    }
    let believed = match url.root() {
        Some(path) => std::fs::read(path).map_err(|cause| StoreError::Root { path: path.to_owned(), cause })?,
        None => pem(&public_authorities()).into_bytes(),
    };
    if let Some(path) = url.root().filter(|_| CertificateDer::pem_slice_iter(&believed).next().is_none()) {
        return Err(StoreError::NoRoot { path: path.to_owned() });
    }
    let certificates = TlsCertificates { client_tls: None, root_cert: Some(believed) };
    Client::build_with_tls(url.reveal(), certificates).map_err(failed(url))
}

fn failed(url: &RedisUrl) -> impl Fn(RedisError) -> StoreError {
    let place = url.to_string();
    move |cause| StoreError::Redis { place: place.clone(), cause: Box::new(cause) }
}

/// The only form in which the client takes authorities.
fn pem(authorities: &[CertificateDer<'_>]) -> String {
    let section = |der: &CertificateDer<'_>| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
    authorities.iter().map(section).collect()
}
