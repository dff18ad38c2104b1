//! The description of the API for programs: OpenAPI 3.1, made of the table of endpoints and of the types of the answers.

mod route;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::endpoint::{Change, ENDPOINTS, Endpoint, Key, Kind, List, Place};
use crate::{BackendRow, CertificateRow, ContainerRow, Explanation, ImageRow, LogRow, ProblemRow, RouteRow, Status, Why, WorkerRow};

/// Refusals that have nothing to do with what is asked.
const ANYWHERE: [u16; 6] = [400, 401, 403, 408, 413, 503];

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in ENDPOINTS {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        for method in endpoint.methods {
            path[method.as_str().to_ascii_lowercase()] = operation(endpoint, method.as_str(), &mut generator);
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Failure".to_owned(), failure());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "dproxy",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The control API of dproxy, the reverse proxy for Docker hosts. Every answer is `{ok, message, data}`.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "http://127.0.0.1:16000" }],
        "security": [{}, { "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Failure": { "description": REFUSED, "content": { "application/json": { "schema": reference("Failure") } } } },
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

const REFUSED: &str = "Refused; the message says why, and what to do instead.";

fn operation(endpoint: &Endpoint, method: &str, generator: &mut SchemaGenerator) -> Value {
    let mut responses = json!({ "200": answer(endpoint.place, generator) });
    if method == "HEAD" {
        drop(responses["200"].as_object_mut().and_then(|answer| answer.remove("content")));
    }
    let refusals = ANYWHERE.iter().chain(own_refusals(endpoint.place));
    for status in refusals {
        responses[status.to_string()] =
            if method == "HEAD" { json!({ "description": REFUSED }) } else { json!({ "$ref": "#/components/responses/Failure" }) };
    }
    let parameters: Vec<Value> = endpoint.keys.iter().map(|key| parameter(key, endpoint.place, generator)).collect();
    let mut operation = json!({ "summary": endpoint.summary, "parameters": parameters, "responses": responses });
    if endpoint.place == Place::AddRoute {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": route::schema() } } });
    }
    operation
}

/// What is refused there and not everywhere.
fn own_refusals(place: Place) -> &'static [u16] {
    match place {
        Place::Change(_) | Place::AddRoute => &[409],
        Place::RemoveRoute | Place::Why | Place::Worker => &[404],
        Place::Status
        | Place::List(_)
        | Place::Metrics
        | Place::Events
        | Place::Explain
        | Place::Alive
        | Place::Ready
        | Place::Description => &[],
    }
}

fn answer(place: Place, generator: &mut SchemaGenerator) -> Value {
    let schema = match place {
        Place::Change(
            Change::Start | Change::Stop | Change::Resize | Change::Restart | Change::Upgrade | Change::Reload | Change::Reset,
        )
        | Place::Status => envelope(&schema_of::<Status>(generator)),
        Place::List(list) => {
            let total = json!({ "description": "How many rows there are without `limit` and `skip`.", "schema": { "type": "integer" } });
            let schema = envelope(&json!({ "type": "array", "items": row_of(list, generator) }));
            let content = json!({ "application/json": { "schema": schema } });
            return json!({ "description": "The rows.", "headers": { "x-total-count": total }, "content": content });
        }
        Place::AddRoute | Place::RemoveRoute => envelope(&json!({ "type": "array", "items": schema_of::<RouteRow>(generator) })),
        Place::Why => envelope(&schema_of::<Why>(generator)),
        Place::Explain => envelope(&schema_of::<Explanation>(generator)),
        Place::Worker => envelope(&schema_of::<WorkerRow>(generator)),
        Place::Events => {
            return json!({ "description": "Events without end.", "content": { "text/event-stream": { "schema": { "type": "string" } } } });
        }
        Place::Description => json!({ "type": "object" }),
        Place::Alive | Place::Ready => return plain("`ok`"),
        Place::Metrics => return plain("The figures."),
    };
    json!({ "description": "Done.", "content": { "application/json": { "schema": schema } } })
}

fn plain(description: &str) -> Value {
    json!({ "description": description, "content": { "text/plain": { "schema": { "type": "string" } } } })
}

fn row_of(list: List, generator: &mut SchemaGenerator) -> Value {
    match list {
        List::Workers => schema_of::<WorkerRow>(generator),
        List::Routes => schema_of::<RouteRow>(generator),
        List::Containers => schema_of::<ContainerRow>(generator),
        List::Images => schema_of::<ImageRow>(generator),
        List::Backends => schema_of::<BackendRow>(generator),
        List::Certificates => schema_of::<CertificateRow>(generator),
        List::Problems => schema_of::<ProblemRow>(generator),
        List::Logs => schema_of::<LogRow>(generator),
    }
}

/// The one shape of every answer.
fn envelope(data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["ok", "message", "data"],
        "properties": { "ok": { "const": true }, "message": { "type": "string" }, "data": data },
    })
}

fn failure() -> Value {
    json!({
        "type": "object",
        "required": ["ok", "message", "data"],
        "properties": { "ok": { "const": false }, "message": { "type": "string", "minLength": 1 }, "data": { "type": "null" } },
    })
}

fn parameter(key: &Key, place: Place, generator: &mut SchemaGenerator) -> Value {
    let required = matches!(key.kind, Kind::Size | Kind::Slot | Kind::Container | Kind::Url);
    let schema = match key.kind {
        Kind::Size => json!({ "type": "integer", "minimum": 1, "maximum": 1024 }),
        Kind::Slot => json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX }),
        Kind::Kinds => {
            json!({ "type": "string", "pattern": "^(status|worker|route_added|route_removed|container|container_removed|log)$" })
        }
        Kind::Switch => json!({ "enum": ["1", "0", "true", "false"] }),
        Kind::Count | Kind::Id => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Kind::Sort => {
            let field = format!("-?({})( (asc|desc))?", fields(place, generator).join("|"));
            json!({ "type": "string", "pattern": format!("^{field}(,{field})*$") })
        }
        Kind::Where => {
            let condition = format!("({})(=|!=|~|<|<=|>|>=)[a-z0-9./:-]*", fields(place, generator).join("|"));
            json!({ "type": "string", "pattern": format!("^{condition}(,{condition})*$") })
        }
        Kind::Host => json!({ "type": "string", "pattern": "^(\\*\\.)?[a-z]{1,20}(\\.[a-z]{1,20}){0,3}$" }),
        Kind::Path => json!({ "type": "string", "pattern": "^/[a-z0-9/]*$" }),
        Kind::Container => json!({ "type": "string", "pattern": "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" }),
        Kind::Url => json!({ "type": "string", "pattern": "^(https?://)?[a-z]{1,20}(\\.[a-z]{1,20}){0,3}(/[a-z0-9/]*)?$" }),
    };
    json!({ "name": key.name, "in": "query", "required": required, "description": key.help, "schema": schema })
}

/// The fields of a list's rows.
fn fields(place: Place, generator: &mut SchemaGenerator) -> Vec<String> {
    let Place::List(list) = place else { return Vec::new() };
    let schema = row_of(list, generator);
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let row = generator.definitions().get(name).and_then(|row| row["properties"].as_object());
    row.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_described_and_every_reference_leads_somewhere() {
        let document = document();
        for endpoint in ENDPOINTS {
            for method in endpoint.methods {
                let operation = &document["paths"][endpoint.path][method.as_str().to_ascii_lowercase()];
                assert!(operation["responses"]["200"].is_object(), "{method} {}", endpoint.path);
            }
        }
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn a_list_is_sorted_by_fields_that_its_rows_have() {
        let mut generator = SchemaGenerator::default();
        assert!(fields(Place::List(List::Workers), &mut generator).contains(&"slot".to_owned()));
    }
}
