//! What clients ask before and besides sending. Nothing that they want to set up is stored: who creates an index, a
//! template, a policy or a pipeline is told that it is acknowledged, and who asks whether one is there is told that it is
//! not. Searching is done on the pages of the centre.

use hyper::Method;
use serde_json::{Value, json};

use super::super::reply::{self, Reply};
use super::super::route::Asked;
use super::error;

/// The version whose interface is spoken. Beats and Logstash of 7 and 8 accept it; clients of 9 do not look.
const VERSION: &str = "8.19.0";
/// An identity that clients compare between two requests; it means nothing.
const CLUSTER: &str = "khien-khien-khien-khie";

/// Answers what is no sending of records.
pub(super) fn answer(asked: &Asked, steps: &[&str]) -> Reply {
    let method = &asked.head.method;
    match (method, steps) {
        (&Method::GET | &Method::HEAD, _) => asks(asked, steps),
        (&Method::PUT | &Method::POST | &Method::DELETE, _) => sets(steps),
        _ => error(405, "method_not_allowed", "this method is not known here"),
    }
}

/// `GET` and `HEAD`; hyper leaves the body of an answer to `HEAD` out.
fn asks(asked: &Asked, steps: &[&str]) -> Reply {
    let value = match steps {
        [] => info(),
        ["_license"] => json!({"license": license()}),
        ["_xpack"] => xpack(),
        ["_cluster", "health", ..] => health(),
        ["_cluster", "settings"] => json!({"persistent": {}, "transient": {}}),
        ["_nodes", ..] => nodes(asked),
        ["_cat", "health"] => {
            return reply::bytes(200, "text/plain; charset=UTF-8", "khien green 1 1 0 0 0 0 0 0 - 100.0%\n");
        }
        ["_cat", ..] => return reply::bytes(200, "text/plain; charset=UTF-8", ""),
        // Lists of everything that was set up.
        ["_template" | "_ilm" | "_alias" | "_aliases" | "_mapping" | "_settings"]
        | ["_ilm", "policy"]
        | ["_ingest", "pipeline"] => json!({}),
        ["_index_template"] => json!({"index_templates": []}),
        ["_component_template"] => json!({"component_templates": []}),
        ["_data_stream"] => json!({"data_streams": []}),
        [.., "_search" | "_count" | "_msearch"] => return searching(),
        [.., name] => return error(404, "resource_not_found_exception", &format!("[{}] is not there", shown(name))),
    };
    reply::json(200, &value)
}

fn sets(steps: &[&str]) -> Reply {
    let value = match steps {
        [.., "_search" | "_count" | "_msearch" | "_update" | "_update_by_query" | "_delete_by_query"] => {
            return searching();
        }
        [
            "_template" | "_index_template" | "_component_template" | "_data_stream" | "_alias" | "_aliases" | "_ilm",
            ..,
        ]
        | ["_ingest", "pipeline", ..]
        | ["_cluster", "settings"]
        | [_, "_alias" | "_aliases" | "_mapping" | "_settings" | "_ilm", ..] => json!({"acknowledged": true}),
        [.., "_refresh" | "_flush"] => json!({"_shards": {"total": 1, "successful": 1, "failed": 0}}),
        [index] if super::is_index(index) => {
            json!({"acknowledged": true, "shards_acknowledged": true, "index": index})
        }
        steps => {
            let reason = format!("no handler found for uri [/{}]", shown(&steps.join("/")));
            return error(400, "illegal_argument_exception", &reason);
        }
    };
    reply::json(200, &value)
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

fn searching() -> Reply {
    let reason = "records are sent here; they are searched, and never changed, on the pages of the centre";
    error(400, "illegal_argument_exception", reason)
}

/// Clients of 7.14 and later look at the version, some at the flavour and the tagline too.
fn info() -> Value {
    json!({
        "name": "khien",
        "cluster_name": "khien",
        "cluster_uuid": CLUSTER,
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "khien",
            "build_hash": "0000000000000000000000000000000000000000",
            "build_date": "2026-01-01T00:00:00.000Z",
            "build_snapshot": false,
            "lucene_version": "9.12.2",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    })
}

/// Beats and Logstash send only to who has a licence that is in force.
fn license() -> Value {
    json!({
        "status": "active", "uid": CLUSTER, "type": "basic", "issue_date": "2026-01-01T00:00:00.000Z",
        "issue_date_in_millis": 1_767_225_600_000_u64, "max_nodes": 1, "issued_to": "khien", "issuer": "khien",
        "start_date_in_millis": -1,
    })
}

/// Life cycles of indexes and pipelines are not there: who looks leaves them alone.
fn xpack() -> Value {
    json!({
        "build": {"hash": "0", "date": "2026-01-01T00:00:00.000Z"},
        "license": {"uid": CLUSTER, "type": "basic", "mode": "basic", "status": "active"},
        "features": {
            "ilm": {"available": false, "enabled": false},
            "monitoring": {"available": false, "enabled": false},
            "security": {"available": true, "enabled": true},
        },
        "tagline": "You know, for X",
    })
}

fn health() -> Value {
    json!({
        "cluster_name": "khien", "status": "green", "timed_out": false, "number_of_nodes": 1,
        "number_of_data_nodes": 1, "active_primary_shards": 0, "active_shards": 0, "relocating_shards": 0,
        "initializing_shards": 0, "unassigned_shards": 0, "active_shards_percent_as_number": 100.0,
    })
}

/// Who looks for other nodes finds the one that it asked, under the address that it used.
fn nodes(asked: &Asked) -> Value {
    let host = asked.header("host");
    let node = json!({
        "name": "khien", "version": VERSION, "roles": ["data", "ingest"],
        "http": {"bound_address": [host], "publish_address": host},
        "ingest": {"processors": []},
    });
    json!({"_nodes": {"total": 1, "successful": 1, "failed": 0}, "cluster_name": "khien", "nodes": {"khien": node}})
}
