//! What a route that is added by hand is made of.

use serde_json::{Map, Value, json};

/// A time that no key finds too short or too long.
const SECONDS: &str = "^[1-9][0-9]?s$";

/// Its schema: the keys of a route in the file that name nothing beside it, and `lifetime`.
pub(super) fn schema() -> Value {
    let host = json!({ "type": "string", "pattern": "^(\\*\\.)?[a-z]{1,20}(\\.[a-z]{1,20}){0,3}$" });
    let address = json!({ "type": "string", "pattern": "^((http|h2c)://)?10\\.[0-9]\\.[0-9]\\.[1-9]:[1-9][0-9]{1,3}$" });
    let one_or_more = |one: &Value| json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] });
    let mut properties = Map::new();
    let mut add = |name: &str, schema: Value, text: &str| properties.insert(name.to_owned(), described(&schema, text));
    add("host", host, "The host names it is for: `shop.example.com`, `*.example.com`.");
    add("path", pattern("^/[a-z0-9]*$"), "Only requests below this path.");
    add("listen", one_of(&["http", "https"]), "Only requests that come in so, or at a port.");
    add("backends", one_or_more(&address), "Who gets the requests: `10.0.0.5:8080`, `h2c://10.0.0.5:8080`.");
    add("strip_prefix", switch(), "Takes `path` off what the backend sees.");
    add("add_prefix", pattern("^/[a-z0-9]+$"), "What is put in front of the path after that.");
    add("max_requests", number(0, 1_000_000), "The most that each gets at a time; 0 is any number.");
    add("proxy_protocol", one_of(&["v1", "v2"]), "Connections to the backends begin with it.");
    add("balance", one_of(&["p2c", "round_robin", "least_conn", "random", "ewma"]), "How one of several is chosen.");
    add("weight", number(0, 1000), "Its share beside other routes of the same host and path.");
    add("slow_start", pattern(SECONDS), "How long a backend takes from little to its whole share.");
    add("sticky", switch(), "A client stays with the backend it had, by a cookie.");
    add("sticky_secure", switch(), "The cookie is sent over TLS only.");
    add("sticky_same_site", one_of(&["lax", "strict", "none"]), "Whether requests that other sites make bring the cookie.");
    add("sticky_max_age", pattern(SECONDS), "For how long clients keep the cookie.");
    add("check", one_of(&["http", "tcp", "off"]), "How dproxy itself asks the backends whether they are well.");
    add("check_path", pattern("^/[a-z0-9]*$"), "What is asked for.");
    add("check_host", pattern("^[a-z]{1,20}(\\.[a-z]{1,20}){0,3}$"), "With which `Host`.");
    add("check_status", pattern("^[2-4][0-9]{2}$"), "The good answers: `200-299,404`.");
    add("check_interval", pattern(SECONDS), "How often.");
    add("check_timeout", pattern(SECONDS), "How long an answer may take.");
    add("check_rise", number(1, 100), "So many good answers in a row end an illness.");
    add("check_fall", number(1, 100), "So many bad ones are one.");
    add("access_log", one_of(&["on", "off", "0.1"]), "How many of its requests get a line in the access log.");
    add("https", one_of(&["redirect", "off"]), "Whether requests in the clear are sent to TLS.");
    add("hsts", pattern("^(off|max-age=[1-9][0-9]{0,6})$"), "The value of `Strict-Transport-Security`.");
    add("lifetime", pattern("^[1-9][0-9]{0,2}(s|m|h)$"), "For how long, unless it is added again; without it until it is removed.");
    json!({
        "type": "object",
        "description": "A route as in the configuration file, and how long it lives. Keys that name files of the machine, and \
                        `redirect` in the place of `backends`, are understood as well.",
        "required": ["host", "backends"],
        "properties": properties,
        "additionalProperties": false,
    })
}

fn pattern(pattern: &str) -> Value {
    json!({ "type": ["string", "null"], "pattern": pattern })
}

fn number(least: u32, most: u32) -> Value {
    json!({ "type": ["integer", "null"], "minimum": least, "maximum": most })
}

fn switch() -> Value {
    json!({ "type": ["boolean", "null"] })
}

fn one_of(words: &[&str]) -> Value {
    let words: Vec<Value> = words.iter().map(|word| Value::from(*word)).chain([Value::Null]).collect();
    json!({ "enum": words })
}

fn described(schema: &Value, text: &str) -> Value {
    let mut schema = schema.clone();
    schema["description"] = Value::from(text);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use dproxy_config::HandRoute;

    #[test]
    fn a_route_with_every_word_of_it_makes_sense() {
        let words = [
            ("host", json!("*.a.test")),
            ("path", json!("/x")),
            ("listen", json!("http")),
            ("backends", json!(["10.0.0.5:80", "h2c://10.0.0.6:80"])),
            ("max_requests", json!(3)),
            ("balance", json!("ewma")),
            ("strip_prefix", json!(true)),
            ("add_prefix", json!("/y")),
            ("proxy_protocol", json!("v2")),
            ("weight", json!(3)),
            ("slow_start", json!("30s")),
            ("sticky", json!(true)),
            ("sticky_secure", json!(false)),
            ("sticky_same_site", json!("strict")),
            ("sticky_max_age", json!("60s")),
            ("check", json!("http")),
            ("check_path", json!("/health")),
            ("check_host", json!("b.test")),
            ("check_status", json!("204")),
            ("check_interval", json!("9s")),
            ("check_timeout", json!("1s")),
            ("check_rise", json!(1)),
            ("check_fall", json!(100)),
            ("access_log", json!("0.1")),
            ("https", json!("redirect")),
            ("hsts", json!("max-age=7")),
            ("lifetime", json!("5m")),
        ];
        let route: Value = words.iter().map(|(word, value)| ((*word).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>().into();
        route.to_string().parse::<HandRoute>().unwrap();
        let described: Vec<String> = schema()["properties"].as_object().unwrap().keys().cloned().collect();
        assert!(words.iter().all(|(word, _)| described.contains(&(*word).to_owned())) && described.len() == words.len());
    }
}
