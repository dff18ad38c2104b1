//! The other proxies, each with a configuration that lets it judge requests as it does everywhere.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use dproxy_testkit::{PATIENCE, free_addr, wait_for};
use tempfile::TempDir;

/// A program that listens; it goes away when dropped.
struct Running {
    addr: SocketAddr,
    child: Child,
    _directory: TempDir,
}

pub(super) struct Nginx(Running);

pub(super) struct Haproxy(Running);

impl Nginx {
    /// None where it is not installed.
    pub(super) fn before(backend: SocketAddr) -> Option<Nginx> {
        let configuration = |directory: &str, addr: SocketAddr| {
            format!(
                "daemon off; master_process off; worker_processes 1; pid {directory}/pid; error_log {directory}/errors; events {{}}\n\
                 http {{ access_log off; client_body_temp_path {directory}/1; proxy_temp_path {directory}/2; fastcgi_temp_path {directory}/3;\n\
                 uwsgi_temp_path {directory}/4; scgi_temp_path {directory}/5; upstream backend {{ server {backend}; keepalive 4; }}\n\
                 server {{ listen {addr}; location / {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_request_buffering off;\n\
                 proxy_set_header Connection \"\"; proxy_set_header Host $host; }} }} }}\n"
            )
        };
        run("nginx", &["-e", "stderr", "-c"], configuration).map(Nginx)
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.0.addr
    }
}

impl Haproxy {
    /// None where it is not installed.
    pub(super) fn before(backend: SocketAddr) -> Option<Haproxy> {
        let configuration = |_: &str, addr: SocketAddr| {
            format!(
                "global\n maxconn 200\ndefaults\n mode http\n timeout connect 2s\n timeout client 5s\n timeout server 5s\n\
                 frontend f\n bind {addr}\n default_backend b\nbackend b\n server s {backend}\n"
            )
        };
        run("haproxy", &["-q", "-db", "-f"], configuration).map(Haproxy)
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.0.addr
    }
}

fn run(program: &str, words: &[&str], configuration: impl FnOnce(&str, SocketAddr) -> String) -> Option<Running> {
    let (directory, addr) = (tempfile::tempdir().unwrap(), free_addr());
    let file = directory.path().join("configuration");
    fs::write(&file, configuration(directory.path().to_str().unwrap(), addr)).unwrap();
    let mut command = Command::new(program);
    command.args(words).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.env("PATH", format!("{}:/usr/sbin:/usr/local/sbin", std::env::var("PATH").unwrap_or_default())).spawn().ok()?;
    let running = Running { addr, child, _directory: directory };
    wait_for(program, PATIENCE, || TcpStream::connect(addr).is_ok());
    Some(running)
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
