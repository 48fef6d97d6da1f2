//! What people write: one document of YAML, made into a version.

use khien_base::{Fault, Id, Result};

use super::document::{self, Document};
use super::loaded::{Loaded, Origin};
use super::model::{self, Model};

/// Bytes of a document that is written here.
pub const BYTES: usize = 64 * 1024;

/// The document of a text. One that has no identity is given `id`, right after its title.
///
/// Faults: `rules.text-empty`, `rules.text-long` (`limit`, in KB), `rules.one-document`, `rules.id-form`, each on `yaml`.
pub fn one(text: &str, id: Id) -> Result<Document> {
    let text = khien_base::key::nfc(text.trim()).replace("\r\n", "\n");
    if text.is_empty() {
        return Err(Fault::invalid("rules.text-empty").on("yaml"));
    }
    if text.len() > BYTES {
        return Err(Fault::invalid("rules.text-long").on("yaml").with("limit", BYTES / 1024));
    }
    let document = read(&text)?;
    if document.id.is_empty() && !document.faults.iter().any(|fault| fault.code == "detect.yaml") {
        // Faults stay those of the text as it was typed, one line shorter.
        let Document { faults, .. } = document;
        return Ok(Document { faults, ..read(&with_id(&text, id))? });
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if document.id.len() > 100 || !document.id.chars().all(fits) {
        return Err(Fault::invalid("rules.id-form").on("yaml"));
    }
    Ok(document)
}

fn read(text: &str) -> Result<Document> {
    let mut found = document::read("", text);
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(Fault::invalid("rules.one-document").on("yaml")),
    }
}

fn with_id(text: &str, id: Id) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let title = lines.iter().position(|line| line.starts_with("title:"));
    let at = title.map_or(0, |title| title + 1);
    lines.insert(at.min(lines.len()), format!("id: {id}"));
    lines.join("\n")
}

/// Whether a document of the centre may bear this identity: a rule of others is tuned with a filter, never rewritten
/// under its own name. `newest` is the newest version of the identity in the database.
///
/// Fault: `rules.id-taken` on `yaml`.
pub fn identity(id: &str, loaded: &Loaded, newest: Option<&Model>) -> Result<()> {
    let file = |name: &str| Origin::of(name) != Origin::Own;
    let rule = loaded.rule(id).is_some_and(|rule| file(&rule.source_name));
    let filter = loaded.ruleset.filters().iter().any(|filter| filter.id == id && file(&filter.source_name));
    if rule || filter || newest.is_some_and(|version| version.origin != model::OWN) {
        return Err(Fault::invalid("rules.id-taken").on("yaml").with("id", id));
    }
    Ok(())
}

/// Puts what a document says into a version.
pub fn fill(version: &mut Model, document: Document) {
    version.sha256 = document::digest(&document.yaml);
    version.kind = document.kind.to_owned();
    version.title = document.title;
    version.level = document.level;
    version.maturity = document.maturity;
    version.product = document.log.product.unwrap_or_default();
    version.category = document.log.category.unwrap_or_default();
    version.service = document.log.service.unwrap_or_default();
    version.rule = document.id;
    version.yaml = document.yaml;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_without_identity_is_given_one() {
        let id = Id::from_u128(7);
        let text =
            "title: x\r\nlogsource:\r\n    product: linux\r\ndetection:\r\n    s:\r\n        a: b\r\n    condition: s";
        let found = one(text, id).unwrap();
        assert_eq!(found.id, id.to_string());
        assert!(found.yaml.starts_with(&format!("title: x\nid: {id}\nlogsource:")), "{}", found.yaml);
        assert!(found.faults.is_empty(), "{:?}", found.faults);
        assert_eq!(one(&found.yaml, Id::nil()).unwrap().id, id.to_string());
    }

    #[test]
    fn what_is_not_one_document_is_refused() {
        let code = |text: &str| one(text, Id::nil()).unwrap_err().code;
        assert_eq!(code(" \n"), "rules.text-empty");
        assert_eq!(code("name: x"), "rules.one-document");
        assert_eq!(code("title: a\ndetection: {}\n---\ntitle: b\ndetection: {}"), "rules.one-document");
        assert_eq!(code("title: a\nid: a/b\ndetection: {}"), "rules.id-form");
        assert_eq!(code(&format!("title: {}", "x".repeat(BYTES))), "rules.text-long");
        assert_eq!(one("title: [", Id::nil()).unwrap().faults[0].code, "detect.yaml");
    }
}
