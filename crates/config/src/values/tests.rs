use super::*;

#[track_caller]
fn check<T: FromStr<Err = ValueError>>(text: &str, shown: impl Fn(T) -> String, expected: &str) {
    let answer = text.parse::<T>().map_or_else(|error| error.to_string(), shown);
    assert_eq!(answer, expected, "`{text}`");
}

#[test]
fn a_port_is_a_number_from_1_to_65535() {
    let check = |text, expected| check(text, |Port(port)| port.to_string(), expected);
    check("80", "80");
    check("65535", "65535");
    check("0", "`0` is not a port from 1 to 65535");
    check("65536", "`65536` is not a port from 1 to 65535");
    check("-1", "`-1` is not a port from 1 to 65535");
    check("+80", "`+80` is not a port from 1 to 65535");
    check("80/tcp", "`80/tcp` is not a port from 1 to 65535");
    check("", "`` is not a port from 1 to 65535");
}

#[test]
fn an_address_is_an_ip_address_or_localhost() {
    let check = |text, expected| check(text, |Address(address)| address.to_string(), expected);
    check("127.0.0.1", "127.0.0.1");
    check("::1", "::1");
    check("[::1]", "::1");
    check("LocalHost", "127.0.0.1");
    check("*", "`*` is not an IP address; write one like `0.0.0.0` or `::1`, or `localhost`");
    check("web.test", "`web.test` is not an IP address; write one like `0.0.0.0` or `::1`, or `localhost`");
    check("127.0.0.1:80", "`127.0.0.1:80` is not an IP address; write one like `0.0.0.0` or `::1`, or `localhost`");
}

#[test]
fn a_star_listens_everywhere() {
    let check = |text, expected| check(text, |ListenAddresses(addresses)| format!("{addresses:?}"), expected);
    check("*", "[0.0.0.0, ::]");
    check("10.0.0.1", "[10.0.0.1]");
}

#[test]
fn a_switch_is_on_or_off() {
    let check = |text, expected| check(text, |Switch(on)| on.to_string(), expected);
    check("true", "true");
    check("Yes", "true");
    check("1", "true");
    check("on", "true");
    check("false", "false");
    check("no", "false");
    check("0", "false");
    check("OFF", "false");
    check("maybe", "`maybe` is neither `true` nor `false`");
    check("2", "`2` is neither `true` nor `false`");
}

#[test]
fn a_time_has_a_unit_and_is_longer_than_nothing() {
    let check = |text, expected| check(text, |Time(time)| format!("{time:?}"), expected);
    check("10s", "10s");
    check("500ms", "500ms");
    check("1min 30s", "90s");
    check("10", "`10` is not a time; write a number and a unit, like `500ms`, `10s` or `2min`");
    check("soon", "`soon` is not a time; write a number and a unit, like `500ms`, `10s` or `2min`");
    check("-1s", "`-1s` is not a time; write a number and a unit, like `500ms`, `10s` or `2min`");
    check("0s", "`0s` is no time to wait; write at least `1ms`");
    check("10us", "`10us` is no time to wait; write at least `1ms`");
    check("2years", "`2years` is longer than a year");
    check("99999999999999years", "`99999999999999years` is not a time; write a number and a unit, like `500ms`, `10s` or `2min`");
}

#[test]
fn a_size_may_have_a_unit() {
    let check = |text, expected| check(text, |Size::<1024, 1_048_576>(bytes)| bytes.to_string(), expected);
    check("2000", "2000");
    check("64KiB", "65536");
    check("64k", "65536");
    check("1 MiB", "1048576");
    check("2MiB", "`2MiB` is not from 1KiB to 1MiB");
    check("0", "`0` is not from 1KiB to 1MiB");
    check("99999999999999999999", "`99999999999999999999` is not a size; write a number of bytes, or one with `KiB` or `MiB`");
    check("18446744073709551615MiB", "`18446744073709551615MiB` is not from 1KiB to 1MiB");
    check("64kb", "`64kb` is not a size; write a number of bytes, or one with `KiB` or `MiB`");
    check("-1", "`-1` is not a size; write a number of bytes, or one with `KiB` or `MiB`");
    check("", "`` is not a size; write a number of bytes, or one with `KiB` or `MiB`");
}

#[test]
fn a_number_has_its_range() {
    let check = |text, expected| check(text, |Number::<16, 100>(number)| number.to_string(), expected);
    check("16", "16");
    check("15", "`15` is not from 16 to 100");
    check("101", "`101` is not from 16 to 100");
    check("99999999999", "`99999999999` is not from 16 to 100");
    check("1.5", "`1.5` is not a whole number");
    check("many", "`many` is not a whole number");
}

#[test]
fn a_network_is_canonical() {
    let check = |text, expected| check(text, |Network(network)| network, expected);
    check("10.0.0.0/8", "10.0.0.0/8");
    check("10.1.2.3/8", "10.0.0.0/8");
    check("10.1.2.3", "10.1.2.3/32");
    check("::1", "::1/128");
    check("10.0.0.0/33", "`10.0.0.0/33` is not a network; write one like `10.0.0.0/8`, or an address");
    check("lan", "`lan` is not a network; write one like `10.0.0.0/8`, or an address");
}

#[test]
fn a_name_is_safe_in_a_header() {
    let check = |text, expected| check(text, |Name(name)| name, expected);
    check("edge-1.example.com", "edge-1.example.com");
    check("a b", "`a b` is not a name; use letters, digits, `.`, `-` and `_`");
    check("a\r\nx: y", "`a\r\nx: y` is not a name; use letters, digits, `.`, `-` and `_`");
    check("", "`` is not a name; use letters, digits, `.`, `-` and `_`");
}
