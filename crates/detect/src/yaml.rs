//! YAML 1.2 documents as trees that know where each of their parts stands.
//!
//! Only the core schema (YAML 1.2.2 §10.3) is read; `yes`, `on` and dates stay text. Aliases are copied and
//! counted against [`limits::NODES`], so that a small file cannot grow into a large tree. Keys that stand twice
//! in a map are faults: the second would silently undo the first.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::fault::At;
use crate::limits;

/// A part of a document.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The key of an entry in a map.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) at: At,
    pub(crate) text: String,
}

/// What a scalar means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'n> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'n str),
}

/// Why a document could not be read.
#[derive(Debug)]
pub(crate) struct YamlFault {
    pub(crate) code: &'static str,
    pub(crate) at: At,
    pub(crate) what: String,
    pub(crate) mend: &'static str,
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text of a scalar as it was written, without its quotes.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The meaning of a scalar; `None` for lists and maps.
    pub(crate) fn scalar(&self) -> Option<Scalar<'_>> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => Some(core_schema(text)),
            Kind::Scalar { text, plain: false } => Some(Scalar::Text(text)),
            _ => None,
        }
    }

    /// What it is, in the words of a sentence.
    pub(crate) fn name(&self) -> &'static str {
        match self.scalar() {
            Some(Scalar::Null) => "nothing",
            Some(Scalar::Bool(_)) => "a truth value",
            Some(Scalar::Integer(_) | Scalar::Float(_)) => "a number",
            Some(Scalar::Text(_)) => "text",
            None if matches!(self.kind, Kind::List(_)) => "a list",
            None => "a map",
        }
    }
}

/// A plain scalar under the core schema.
fn core_schema(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    let integer = if let Some(hex) = text.strip_prefix("0x") {
        i64::from_str_radix(hex, 16).ok()
    } else if let Some(octal) = text.strip_prefix("0o") {
        i64::from_str_radix(octal, 8).ok()
    } else {
        text.parse().ok()
    };
    if let Some(integer) = integer {
        return Scalar::Integer(integer);
    }
    let numeral = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    match text.parse::<f64>() {
        // An integer too long for 64 bits stays text, so that it is compared digit by digit.
        Ok(float) if numeral && text.contains(['.', 'e', 'E']) => Scalar::Float(float),
        _ => Scalar::Text(text),
    }
}

/// The documents of a file with the number of lines before each. A line that starts with `---` begins a
/// document wherever it stands (YAML 1.2.2 §9.1.2), so a fault in one document cannot hide the next.
pub(crate) fn documents(text: &str) -> Vec<(usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut found, mut start, mut first_line, mut offset) = (Vec::new(), 0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker =
            line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if marker {
            found.push((first_line, text.get(start..offset).unwrap_or_default()));
            (start, first_line) = (offset, number);
        }
        offset += line.len();
    }
    found.push((first_line, text.get(start..).unwrap_or_default()));
    found.retain(|(_, document)| document.lines().any(says_something));
    found
}

fn says_something(line: &str) -> bool {
    let line = line.strip_prefix("---").unwrap_or(line).trim();
    !line.is_empty() && !line.starts_with(['#', '%']) && line != "..."
}

/// Reads one document; `lines_before` is added to every line number.
pub(crate) fn parse(document: &str, lines_before: usize) -> Result<Node, YamlFault> {
    let mut builder = Builder { lines_before, ..Builder::default() };
    let mut parser = Parser::new_from_str(document);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|e| YamlFault {
            code: "detect.yaml",
            at: builder.at_marker(e.marker().line(), e.marker().col()),
            what: format!("This is not YAML: {}.", e.info()),
            mend: "Indent with spaces, four a level, and put values in single quotes.",
        })?;
        if matches!(event, Event::StreamEnd) {
            break;
        }
        builder.take(event, span)?;
    }
    builder.root.ok_or(YamlFault {
        code: "detect.yaml",
        at: At { line: lines_before + 1, column: 1 },
        what: "The document is empty.".to_owned(),
        mend: "Write a rule or take the document out.",
    })
}

/// A list or map that is not closed yet.
struct Open {
    node: Node,
    key: Option<Key>,
    /// Keys of the map so far, and the line of each.
    keys: HashMap<String, usize>,
    anchor: usize,
}

#[derive(Default)]
struct Builder {
    lines_before: usize,
    nodes: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
}

impl Builder {
    fn at_marker(&self, line: usize, column: usize) -> At {
        At { line: line.max(1) + self.lines_before, column: column + 1 }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlFault> {
        let at = self.at_marker(span.start.line(), span.start.col());
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let kind = Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                self.place(Node { at, kind }, anchor, 1)
            }
            Event::SequenceStart(anchor, _) => self.begin(Node { at, kind: Kind::List(Vec::new()) }, anchor),
            Event::MappingStart(anchor, _) => self.begin(Node { at, kind: Kind::Map(Vec::new()) }, anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.place(done.node, done.anchor, 0),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(YamlFault {
                        code: "detect.yaml",
                        at,
                        what: "The alias stands inside the value that it names.".to_owned(),
                        mend: "Write the value out.",
                    });
                };
                let weight = weight(&node);
                self.place(node, 0, weight)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), YamlFault> {
        if self.open.len() >= limits::DEPTH {
            return Err(YamlFault {
                code: "detect.too-deep",
                at: node.at,
                what: format!("Lists and maps stand more than {} deep in each other.", limits::DEPTH),
                mend: "Write the rule flatter.",
            });
        }
        self.count(1, node.at)?;
        self.open.push(Open { node, key: None, keys: HashMap::new(), anchor });
        Ok(())
    }

    fn count(&mut self, nodes: usize, at: At) -> Result<(), YamlFault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= limits::NODES {
            return Ok(());
        }
        Err(YamlFault {
            code: "detect.too-large",
            at,
            what: format!("The document has more than {} parts.", limits::NODES),
            mend: "Split it into several rules.",
        })
    }

    fn place(&mut self, node: Node, anchor: usize, weight: usize) -> Result<(), YamlFault> {
        self.count(weight, node.at)?;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        match &mut parent.node.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => match parent.key.take() {
                Some(key) => entries.push((key, node)),
                None => parent.key = Some(key(node, &mut parent.keys)?),
            },
            Kind::Scalar { .. } => {}
        }
        Ok(())
    }
}

/// A key, if it is a scalar and new in its map.
fn key(node: Node, keys: &mut HashMap<String, usize>) -> Result<Key, YamlFault> {
    let at = node.at;
    let Kind::Scalar { text, .. } = node.kind else {
        return Err(YamlFault {
            code: "detect.yaml",
            at,
            what: "A list or a map stands where a key is expected.".to_owned(),
            mend: "Use plain text as the key.",
        });
    };
    if text == "<<" {
        return Err(YamlFault {
            code: "detect.merge-key",
            at,
            what: "The merge key << is not part of YAML 1.2.".to_owned(),
            mend: "Write the merged entries out.",
        });
    }
    if let Some(first) = keys.insert(text.clone(), at.line) {
        return Err(YamlFault {
            code: "detect.key-twice",
            at,
            what: format!("The key '{text}' stands twice in this map, first in line {first}."),
            mend: "Join the two, or make a list of maps.",
        });
    }
    Ok(Key { at, text })
}

/// Nodes in a tree.
fn weight(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar { .. } => 1,
        Kind::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Kind::Map(entries) => 1 + entries.iter().map(|(_, n)| weight(n)).sum::<usize>(),
    }
}
