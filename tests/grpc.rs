//! gRPC by its own library: calls of every shape, errors, deadlines, cancelling, big messages.

use dproxy_testkit::free_addr;

use crate::clients::python;
use crate::dproxy;

#[test]
fn calls_of_every_shape_go_through() {
    let backend = free_addr();
    let routes = format!("routes:\n  - host: grpc.test\n    backends: grpc://{backend}");
    let dproxy = dproxy().yaml(&routes).start();
    let Some(output) = python("grpc_calls.py", "grpc", &[&backend.port().to_string(), &dproxy.http().to_string()]) else { return };
    assert!(output.status.success(), "{output:#?}\n{}", dproxy.log());
}
