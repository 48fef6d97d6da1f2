//! What became of items, as `_bulk` and `_doc` answer it.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use super::bulk::{Action, Verb};

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    verb: Verb,
    index: Arc<str>,
    id: Option<String>,
    status: u16,
    /// `type` and `reason` of an error.
    error: Option<(&'static str, String)>,
}

impl Outcome {
    /// An item that is not decided yet: who forgets it says that it comes again.
    pub(super) fn open(action: Action) -> Self {
        let error = Some(("es_rejected_execution_exception", "it was not taken".to_owned()));
        Self { verb: action.verb, index: action.index, id: action.id, status: 429, error }
    }

    /// It is durable.
    pub(super) fn taken(&mut self) {
        (self.status, self.error) = (201, None);
    }

    /// It was durable before. `index` may come again as often as it likes, `create` is told.
    pub(super) fn known(&mut self) {
        if self.verb == Verb::Create {
            self.other();
        } else {
            (self.status, self.error) = (200, None);
        }
    }

    /// There is one of this id already.
    pub(super) fn other(&mut self) {
        let id = self.id.as_deref().unwrap_or_default();
        let reason = format!("[{id}]: version conflict, document already exists (current version [1])");
        (self.status, self.error) = (409, Some(("version_conflict_engine_exception", reason)));
    }

    /// It is refused.
    pub(super) fn refused(&mut self, status: u16, kind: &'static str, reason: String) {
        (self.status, self.error) = (status, Some((kind, reason)));
    }

    /// Whether the record is durable, now or before.
    pub(super) fn is_here(&self) -> bool {
        matches!(self.status, 200 | 201 | 409)
    }

    /// The status.
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    fn result(&self) -> &'static str {
        if self.status == 201 { "created" } else { "noop" }
    }

    /// The answer to a request with one item.
    pub(super) fn alone(&self) -> Value {
        let shards = json!({"total": 1, "successful": 1, "failed": 0});
        match &self.error {
            None => json!({
                "_index": &*self.index, "_id": self.id.as_deref().unwrap_or_default(), "_version": 1,
                "result": self.result(), "_shards": shards, "_seq_no": 0, "_primary_term": 1,
            }),
            Some((kind, reason)) => {
                let cause = json!({"type": kind, "reason": reason});
                json!({"error": {"root_cause": [cause], "type": kind, "reason": reason}, "status": self.status})
            }
        }
    }

    fn write(&self, out: &mut String, brief: bool) {
        let text = |text: &str| Value::from(text).to_string();
        let name = self.verb.name();
        // Writing to a text cannot fail.
        let _ = write!(out, "{{\"{name}\":{{");
        if !brief {
            let _ = write!(out, "\"_index\":{},", text(&self.index));
            if let Some(id) = &self.id {
                let _ = write!(out, "\"_id\":{},", text(id));
            }
        }
        match &self.error {
            Some((kind, reason)) => {
                let _ = write!(out, "\"error\":{{\"type\":{},\"reason\":{}}},", text(kind), text(reason));
            }
            None if brief => {}
            None => {
                let _ = write!(out, "\"_version\":1,\"result\":\"{}\",", self.result());
                out.push_str(
                    "\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0},\"_seq_no\":0,\"_primary_term\":1,",
                );
            }
        }
        let _ = write!(out, "\"status\":{}}}}}", self.status);
    }
}

/// The answer to `_bulk`; brief, for who asked for status and errors only (`filter_path`).
pub(super) fn answer(outcomes: &[Outcome], took: i64, brief: bool) -> String {
    let errors = outcomes.iter().any(|outcome| outcome.error.is_some());
    let mut out = String::with_capacity(64 + outcomes.len() * if brief { 32 } else { 200 });
    let _ = write!(out, "{{\"took\":{took},\"errors\":{errors},\"items\":[");
    for (place, outcome) in outcomes.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        outcome.write(&mut out, brief);
    }
    out.push_str("]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(verb: Verb, id: Option<&str>) -> Outcome {
        Outcome::open(Action { verb, index: Arc::from("logs-\"x\""), id: id.map(str::to_owned) })
    }

    #[test]
    fn each_outcome_is_json_that_clients_know() {
        let mut all = vec![of(Verb::Create, Some("a\"b")); 4];
        all[0].taken();
        all[1].known();
        all[2].refused(400, "document_parsing_exception", "no \"JSON\"".into());
        let mut again = of(Verb::Index, None);
        again.known();
        all.push(again);
        for brief in [false, true] {
            let told: Value = serde_json::from_str(&answer(&all, 3, brief)).unwrap();
            assert_eq!((&told["took"], &told["errors"]), (&json!(3), &json!(true)));
            let status = |n: usize, verb: &str| told["items"][n][verb]["status"].as_u64().unwrap();
            assert_eq!(
                [
                    status(0, "create"),
                    status(1, "create"),
                    status(2, "create"),
                    status(3, "create"),
                    status(4, "index")
                ],
                [201, 409, 400, 429, 200]
            );
            assert_eq!(told["items"][2]["create"]["error"]["reason"], "no \"JSON\"");
            assert_eq!(told["items"][0]["create"]["_id"].as_str(), (!brief).then_some("a\"b"));
        }
        assert_eq!(all[0].alone()["result"], "created");
        assert_eq!(all[1].alone()["status"], 409);
    }
}
