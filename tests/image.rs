//! The image: a static binary and nothing else, as the first process of a container, in front of its siblings.

use std::path::{Path, PathBuf};
use std::process::Command;

use dproxy_testkit::{Engine, PATIENCE, Run, get, unique, wait_for};

/// The program of today without any library; None, with a line, where it cannot be built.
fn static_binary() -> Option<PathBuf> {
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let folder = Command::new("rustc").args(["--print", "target-libdir", "--target", &target]).output().ok()?;
    if !Path::new(String::from_utf8_lossy(&folder.stdout).trim()).is_dir() || Command::new("musl-gcc").arg("--version").output().is_err() {
        println!("skipped: rustup target add {target}; apt-get install musl-tools");
        return None;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let done = Command::new(env!("CARGO")).args(["build", "--package", "dproxy", "--target", &target]).current_dir(root).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    Some(root.join("target").join(target).join("debug/dproxy"))
}

/// The image of today's program at an engine, which is called so; None, with a line, where it cannot be made.
pub(crate) fn made(engine: &Engine) -> Option<&'static str> {
    let binary = static_binary()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/image");
    let (binary, socket) = (binary.as_os_str(), engine.socket().as_os_str());
    let tag = "dproxy-test/dproxy";
    let made = Command::new(script).arg("--binary").arg(binary).arg("--socket").arg(socket).args(["--tag", tag]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    Some(tag)
}

#[test]
fn the_image_serves_its_siblings_says_that_it_is_well_and_stops_when_asked() {
    let Some(engine) = Engine::shared().filter(Engine::shares_our_files) else { return };
    let Some(tag) = made(&engine) else { return };
    let network = engine.network("image", None);
    let run = Run::image(tag, "image").network(&network.name).mount(engine.socket(), "/var/run/docker.sock");
    let proxy = engine.run(&run);
    let host = format!("{}.test", unique("sibling"));
    let sibling = engine.run(&Run::echo("sibling").hostname(&host).network(&network.name));
    let at = proxy.address_in(&network.name, 80);
    let served = || get(at, &host, "/").is_ok_and(|answer| answer.field("x-echo-name") == Some(&sibling.name));
    wait_for(&format!("the sibling\n{}", proxy.logs()), PATIENCE, served);
    wait_for("its health", PATIENCE * 2, || proxy.inspect()["State"]["Health"]["Status"] == "healthy");
    proxy.stop_after(10);
    assert_eq!(proxy.inspect()["State"]["ExitCode"], 0, "{}", proxy.logs());
}
