#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dproxy_route_fuzz::announcement(bytes));
