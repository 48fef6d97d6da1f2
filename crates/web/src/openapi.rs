//! The description of the JSON API, made from the module cards (OpenAPI 3.1).

use khien_base::{Permit, Result};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::ctx::Ctx;
use crate::kit::Kit;
use crate::module::Route;
use crate::reply::Reply;
use crate::router::API;

/// `GET /api.json`
pub(crate) async fn serve(ctx: Ctx) -> Result<Reply> {
    Ok(Reply::Json { status: 200, value: describe(&ctx.kit) })
}

/// The whole document.
pub fn describe(kit: &Kit) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths = Map::new();
    for module in kit.modules {
        for route in (module.routes)() {
            let path = if route.path.starts_with("/api/") {
                route.path.to_owned()
            } else {
                format!("{API}{}", if route.path == "/" { "/overview" } else { route.path })
            };
            let operation = operation(module.name, &route, &mut schemas);
            let entry = paths.entry(path).or_insert_with(|| json!({}));
            if let Value::Object(methods) = entry {
                methods.insert(route.method.to_ascii_lowercase(), operation);
            }
        }
    }
    let definitions = schemas.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Khiên", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    })
}

fn operation(module: &str, route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let body = |schema: Option<schemars::Schema>| {
        schema.map_or(json!({}), |schema| json!({"application/json": {"schema": schema}}))
    };
    let answer = json!({"description": "OK", "content": body(route.gives.map(|gives| gives(schemas)))});
    let mut operation = json!({
        "tags": [module],
        "parameters": parameters,
        "responses": {"200": answer, "default": {"description": "fault", "content": {"application/json": {"schema": {
            "type": "object",
            "properties": {"fault": {"type": "object", "properties": {
                "code": {"type": "string"}, "message": {"type": "string"},
                "field": {"type": ["string", "null"]}, "request": {"type": "string"}}}},
        }}}}},
        "x-permit": match route.permit {
            Permit::Needs(permission) => permission,
            Permit::Public => "public",
            Permit::SignedIn => "signed-in",
            Permit::SourceToken => "source-token",
        },
    });
    if let Value::Object(parts) = &mut operation {
        if route.permit == Permit::Public {
            parts.insert("security".to_owned(), json!([]));
        }
        if let Some(takes) = route.takes {
            parts.insert("requestBody".to_owned(), json!({"content": body(Some(takes(schemas)))}));
        }
    }
    operation
}
