#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dproxy_http3_fuzz::uni(bytes));
