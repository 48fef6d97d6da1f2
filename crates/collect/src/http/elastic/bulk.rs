//! The body of `_bulk`: a line that says what to do, then, for `index` and `create`, a line with the record.

use std::borrow::Cow;
use std::sync::Arc;

use khien_base::{Fault, Result};
use khien_normalise::Line;
use serde::{Deserialize, Deserializer};

/// What is to be done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Store it.
    Index,
    /// Store it unless its id is known.
    Create,
    /// Change it, which is refused.
    Update,
    /// Remove it, which is refused.
    Delete,
}

impl Verb {
    /// The name in bodies and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// What an item says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What is to be done.
    pub verb: Verb,
    /// The index that the client means; kept for the answer only.
    pub index: Arc<str>,
    /// The identity that the client gave it.
    pub id: Option<String>,
}

/// An item of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A record: the action and the line.
    Record(Action, Vec<u8>),
    /// What is not done, and why: `bulk.unchangeable` for `update` and `delete`, the fault of a line that is too long.
    Refused(Action, Fault),
}

/// Longest `_id`, as in Elasticsearch.
const LONGEST_ID: usize = 512;
/// Longest name of an index, as in Elasticsearch.
const LONGEST_INDEX: usize = 255;

/// Reads a body line by line.
#[derive(Debug)]
pub struct Bulk {
    /// The index of who names none.
    default: Arc<str>,
    /// The index that was named last: most bodies name one.
    last: Arc<str>,
    waiting: Option<Action>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said<'a> {
    #[serde(borrow)]
    Index(Meta<'a>),
    #[serde(borrow)]
    Create(Meta<'a>),
    #[serde(borrow)]
    Update(Meta<'a>),
    #[serde(borrow)]
    Delete(Meta<'a>),
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow, default, rename = "_index")]
    index: Option<Cow<'a, str>>,
    #[serde(default, rename = "_id", deserialize_with = "id")]
    id: Option<String>,
}

/// Some clients write numbers.
fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Whole(i64),
    }
    Ok(Option::<Id>::deserialize(from)?.map(|id| match id {
        Id::Text(text) => text,
        Id::Whole(number) => number.to_string(),
    }))
}

impl Bulk {
    /// A body for this index; empty where the path names none.
    pub fn new(index: &str) -> Self {
        let default: Arc<str> = Arc::from(index);
        Self { last: Arc::clone(&default), default, waiting: None }
    }

    /// Takes the next line and gives the item that it completes.
    ///
    /// Faults: `bulk.action` (`line`) for a line that says nothing of what to do: where the next item begins is not
    /// known any more.
    pub fn push(&mut self, (number, line): Line) -> Result<Option<Item>> {
        match (self.waiting.take(), line) {
            (Some(action), Ok(_)) if action.verb == Verb::Update => Ok(Some(Item::Refused(action, unchangeable()))),
            (Some(action), Ok(record)) => Ok(Some(Item::Record(action, record))),
            (Some(action), Err(fault)) => Ok(Some(Item::Refused(action, fault))),
            (None, Err(_)) => Err(Fault::invalid("bulk.action").with("line", number)),
            (None, Ok(line)) => {
                let action = self.action(&line).ok_or_else(|| Fault::invalid("bulk.action").with("line", number))?;
                if action.verb == Verb::Delete {
                    return Ok(Some(Item::Refused(action, unchangeable())));
                }
                self.waiting = Some(action);
                Ok(None)
            }
        }
    }

    /// The body has ended: `bulk.cut` if a record is missing after its action.
    pub fn finish(self) -> Result<()> {
        if self.waiting.is_some() { Err(Fault::invalid("bulk.cut")) } else { Ok(()) }
    }

    fn action(&mut self, line: &[u8]) -> Option<Action> {
        let (verb, meta) = match serde_json::from_slice(line).ok()? {
            Said::Index(meta) => (Verb::Index, meta),
            Said::Create(meta) => (Verb::Create, meta),
            Said::Update(meta) => (Verb::Update, meta),
            Said::Delete(meta) => (Verb::Delete, meta),
        };
        if meta.id.as_ref().is_some_and(|id| id.len() > LONGEST_ID) {
            return None;
        }
        let index = match meta.index {
            None => Arc::clone(&self.default),
            Some(name) if *name == *self.last => Arc::clone(&self.last),
            Some(name) if name.len() > LONGEST_INDEX => return None,
            Some(name) => {
                self.last = Arc::from(name.as_ref());
                Arc::clone(&self.last)
            }
        };
        let id = meta.id.filter(|id| !id.is_empty());
        Some(Action { verb, index, id })
    }
}

fn unchangeable() -> Fault {
    Fault::invalid("bulk.unchangeable")
}

#[cfg(test)]
mod tests {
    use super::*;
    use khien_normalise::Splitter;

    fn read(body: &str) -> Result<Vec<String>> {
        let (mut splitter, mut lines, mut bulk) = (Splitter::default(), Vec::new(), Bulk::new("default"));
        splitter.push(body.as_bytes(), &mut lines);
        splitter.finish(&mut lines);
        let mut items = Vec::new();
        for line in lines {
            items.extend(bulk.push(line)?.map(|item| match item {
                Item::Record(action, line) => {
                    let id = action.id.as_deref().unwrap_or("-");
                    format!("{} {} {id} {}", action.verb.name(), action.index, String::from_utf8_lossy(&line))
                }
                Item::Refused(action, fault) => format!("{} {fault}", action.verb.name()),
            }));
        }
        bulk.finish()?;
        Ok(items)
    }

    #[test]
    fn what_clients_send_is_read() {
        let body = "{\"index\":{}}\n{\"a\":1}\n{ \"create\" : {\"_index\":\"logs-x\",\"_id\":\"7\",\"pipeline\":\"p\"}}\n{\"a\":2}\r\n\
                    {\"delete\":{\"_id\":\"1\"}}\n{\"update\":{\"_id\":9,\"_index\":null}}\n{\"doc\":{}}\n\
                    {\"index\":{\"_id\":null,\"_type\":\"_doc\"}}\n{\"a\":3}";
        assert_eq!(
            read(body).unwrap(),
            [
                "index default - {\"a\":1}",
                "create logs-x 7 {\"a\":2}\r",
                "delete bulk.unchangeable",
                "update bulk.unchangeable",
                "index default - {\"a\":3}",
            ]
        );
    }

    #[test]
    fn a_body_that_loses_its_step_is_told_by_its_line() {
        for (body, told) in [
            ("{\"a\":1}\n", "bulk.action line=1"),
            ("{\"index\":{}}\n{}\nrubbish\n", "bulk.action line=3"),
            ("{\"index\":{}}\n", "bulk.cut"),
            ("{\"index\":{},\"create\":{}}\n", "bulk.action line=1"),
        ] {
            assert_eq!(read(body).unwrap_err().to_string(), told);
        }
        let long = format!("{{\"index\":{{\"_id\":\"{}\"}}}}\n{{}}\n", "x".repeat(LONGEST_ID + 1));
        assert_eq!(read(&long).unwrap_err().to_string(), "bulk.action line=1");
        let long = format!(
            "{{\"index\":{{}}}}\n\"{}\"\n{{\"index\":{{}}}}\n{{}}\n",
            "x".repeat(khien_normalise::LONGEST_LINE)
        );
        let items = read(&long).unwrap();
        assert!(items[0].starts_with("index logs.line-too-long") && items[1] == "index default - {}", "{items:?}");
    }
}
