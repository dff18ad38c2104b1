//! What a route that is added by hand is made of.

use serde_json::{Value, json};

/// Its schema. The words of balancing and health are those of a route in the file, which the reader of both knows.
pub(super) fn schema() -> Value {
    let host = json!({ "type": "string", "pattern": "^(\\*\\.)?[a-z]{1,20}(\\.[a-z]{1,20}){0,3}$" });
    let address = json!({ "type": "string", "pattern": "^((http|h2c)://)?10\\.[0-9]\\.[0-9]\\.[1-9]:[1-9][0-9]{1,3}$" });
    let one_or_more = |one: &Value| json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] });
    json!({
        "type": "object",
        "description": "A route as in the configuration file, with its words for balancing and health, and how long it lives.",
        "required": ["host", "backends"],
        "properties": {
            "host": described(&host, "The host names it is for: `shop.example.com`, `*.example.com`."),
            "path": { "type": ["string", "null"], "pattern": "^/[a-z0-9]*$", "description": "Only requests below this path." },
            "listen": { "enum": ["http", "https", null], "description": "Only requests that come in so, or at a port." },
            "backends": described(&one_or_more(&address), "Who gets the requests: `10.0.0.5:8080`, `h2c://10.0.0.5:8080`."),
            "max_requests": { "type": ["integer", "null"], "minimum": 0, "maximum": 1_000_000, "description": "The most that each gets at a time; 0 is any number." },
            "balance": { "enum": ["p2c", "round_robin", "least_conn", "random", "ewma", null], "description": "How one of several is chosen." },
            "lifetime": { "type": ["string", "null"], "pattern": "^[1-9][0-9]{0,2}(s|m|h)$", "description": "For how long, unless it is added again; without it until it is removed." },
        },
        "additionalProperties": false,
    })
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
            ("lifetime", json!("5m")),
        ];
        let route: Value = words.iter().map(|(word, value)| ((*word).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>().into();
        route.to_string().parse::<HandRoute>().unwrap();
        let described: Vec<String> = schema()["properties"].as_object().unwrap().keys().cloned().collect();
        assert!(words.iter().all(|(word, _)| described.contains(&(*word).to_owned())) && described.len() == words.len());
    }
}
