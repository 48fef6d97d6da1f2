//! Taking in rules of others: what an archive would change, and what was chosen of it.

use std::collections::{HashMap, HashSet};

use khien_base::{Fault, Result};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, Condition};
use serde::{Deserialize, Serialize};

use super::archive::File;
use super::document::{self, Document};
use super::model::{self, item};
use super::store::versions::Brief;

/// What becomes of a document, in the order in which a preview shows them: it is new; it changed; it is as it was; it was
/// in force and is in the archive no more; its rule is one of the centre's own, which stays; it cannot be read.
pub const OUTCOMES: [&str; 6] = ["new", "changed", "gone", "faulty", "own", "unchanged"];

/// What is chosen of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Choices {
    /// Only rules that have been tried at least so far: `stable`, `test`, `experimental`, `deprecated`; empty for all.
    pub status: String,
    /// Only rules of at least this level: `informational` … `critical`; empty for all.
    pub level: String,
    /// Only rules for these products; empty for all.
    pub product: Vec<String>,
    /// Whether rules that are gone, or no longer chosen, go out of force.
    pub retire: bool,
}

impl Choices {
    /// The least maturity.
    pub fn maturity(&self) -> i32 {
        let known = (0..=4).find(|maturity| document::maturity_name(*maturity) == self.status);
        known.unwrap_or(0)
    }

    /// The least weight of a level.
    pub fn weight(&self) -> i32 {
        crate::alerts::rules::weight_of(&self.level).unwrap_or(0)
    }

    /// Whether a document is chosen. Filters have no level (0): they are chosen by the rest.
    pub fn take(&self, level: i32, maturity: i32, product: &str) -> bool {
        maturity >= self.maturity()
            && (level == 0 || level >= self.weight())
            && (self.product.is_empty() || self.product.iter().any(|one| one == product))
    }

    /// Faults: `rules.choice` on `status` or `level`.
    pub fn check(&self) -> Result<()> {
        let known = self.status.is_empty() || (0..=4).any(|m| document::maturity_name(m) == self.status);
        if !known {
            return Err(Fault::invalid("rules.choice").on("status").with("given", &self.status));
        }
        if !self.level.is_empty() && self.weight() == 0 {
            return Err(Fault::invalid("rules.choice").on("level").with("given", &self.level));
        }
        Ok(())
    }
}

/// [`Choices::take`] as a condition of the database.
pub fn chosen(choices: &Choices) -> Condition {
    let level = Condition::any().add(item::Column::Level.gte(choices.weight())).add(item::Column::Level.eq(0));
    let mut all = Condition::all().add(item::Column::Maturity.gte(choices.maturity())).add(level);
    if !choices.product.is_empty() {
        all = all.add(item::Column::Product.is_in(choices.product.iter().map(String::as_str)));
    }
    all
}

/// The name of an import: what stands in addresses.
///
/// Faults: `rules.import-name` on `name`.
pub fn name(given: &str) -> Result<String> {
    let name = given.trim().to_lowercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let taken = [model::OWN, "khien", "folder"].contains(&name.as_str());
    if name.is_empty() || name.len() > 40 || !name.chars().all(fits) || taken {
        return Err(Fault::invalid("rules.import-name").on("name"));
    }
    Ok(name)
}

/// A document with what becomes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The document.
    pub document: Document,
    /// Its digest.
    pub sha256: String,
    /// One of [`OUTCOMES`].
    pub outcome: &'static str,
}

/// What an archive would change. `named` is the import's name; `in_force` is what is in force in the database.
///
/// Blocking: three thousand rules take about a second.
pub fn compare(files: &[File], named: &str, in_force: &HashMap<String, Brief>) -> Vec<Found> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut found: Vec<Found> = Vec::new();
    for document in files.iter().flat_map(|(path, text)| document::read(path, text)) {
        let sha256 = document::digest(&document.yaml);
        let mut document = document;
        if document.faults.is_empty() && document.id.is_empty() {
            document.faults.push(fault("rules.id-missing", &document, "The document has no id."));
        } else if document.faults.is_empty() && !seen.insert(document.id.clone()) {
            document.faults.push(fault("detect.id-twice", &document, "Another document has the same id."));
        }
        let outcome = outcome(&document, &sha256, named, in_force);
        found.push(Found { document, sha256, outcome });
    }
    let mut gone: Vec<&Brief> =
        in_force.values().filter(|brief| brief.origin == named && !seen.contains(&brief.rule)).collect();
    gone.sort_by(|a, b| a.rule.cmp(&b.rule));
    found.extend(gone.into_iter().map(|brief| Found {
        document: Document {
            kind: model::KINDS.into_iter().find(|kind| *kind == brief.kind).unwrap_or(model::RULE),
            id: brief.rule.clone(),
            title: brief.title.clone(),
            level: brief.level,
            maturity: brief.maturity,
            ..Document::default()
        },
        sha256: brief.sha256.clone(),
        outcome: "gone",
    }));
    found
}

/// What becomes of one document that is in the archive.
fn outcome(document: &Document, sha256: &str, named: &str, in_force: &HashMap<String, Brief>) -> &'static str {
    if !document.faults.is_empty() {
        return "faulty";
    }
    match in_force.get(&document.id) {
        None => "new",
        Some(brief) if brief.origin == model::OWN => "own",
        Some(brief) if brief.origin == named && brief.sha256 == sha256 => "unchanged",
        Some(_) => "changed",
    }
}

fn fault(code: &'static str, document: &Document, what: &str) -> khien_detect::RuleFault {
    khien_detect::RuleFault {
        code,
        source: document.path.clone(),
        path: "id".to_owned(),
        line: 1,
        column: 1,
        what: what.to_owned(),
        mend: "Give the document an id of its own (a UUID).".to_owned(),
        args: vec![("id", document.id.clone()), ("first", document.path.clone())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, level: &str, word: &str) -> File {
        let text = format!(
            "title: {id}\nid: {id}\nstatus: test\nlevel: {level}\nlogsource:\n    product: linux\ndetection:\n    \
             sel:\n        message: {word}\n    condition: sel\n"
        );
        (format!("{id}.yml"), text)
    }

    fn brief(file: &File, origin: &str) -> (String, Brief) {
        let found = &document::read(&file.0, &file.1)[0];
        let brief = Brief {
            id: khien_base::Id::nil(),
            rule: found.id.clone(),
            origin: origin.into(),
            sha256: document::digest(&found.yaml),
            title: found.title.clone(),
            kind: found.kind.into(),
            level: found.level,
            maturity: found.maturity,
        };
        (found.id.clone(), brief)
    }

    #[test]
    fn each_document_is_told_by_what_becomes_of_it() {
        let before = [rule("a", "low", "x"), rule("b", "low", "x"), rule("c", "low", "x"), rule("d", "low", "x")];
        let mut in_force: HashMap<String, Brief> = before.iter().map(|file| brief(file, "sigmahq")).collect();
        in_force.extend([brief(&rule("own", "low", "x"), "own"), brief(&rule("other", "low", "x"), "others")]);
        let files = [
            rule("a", "low", "x"),
            rule("b", "high", "x"),
            rule("e", "low", "x"),
            rule("own", "low", "y"),
            rule("e", "low", "again"),
            rule("other", "low", "x"),
            ("broken.yml".to_owned(), "title: [".to_owned()),
        ];
        let found = compare(&files, "sigmahq", &in_force);
        let told: Vec<(&str, &str)> = found.iter().map(|found| (found.document.id.as_str(), found.outcome)).collect();
        let wanted = [
            ("a", "unchanged"),
            ("b", "changed"),
            ("e", "new"),
            ("own", "own"),
            ("e", "faulty"),
            ("other", "changed"),
            ("", "faulty"),
            ("c", "gone"),
            ("d", "gone"),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn choices_take_by_level_maturity_and_product() {
        let choices = Choices { status: "test".into(), level: "high".into(), ..Choices::default() };
        assert!(choices.take(4, 3, "linux") && !choices.take(3, 4, "linux"));
        assert!(!choices.take(5, 2, "linux") && choices.take(0, 3, "linux"));
        let windows = Choices { product: vec!["windows".into()], ..Choices::default() };
        assert!(windows.take(1, 0, "windows") && !windows.take(5, 4, "linux"));
        assert_eq!(Choices { level: "worst".into(), ..Choices::default() }.check().unwrap_err().code, "rules.choice");
        assert!(choices.check().is_ok());
        assert_eq!(name(" SigmaHQ ").unwrap(), "sigmahq");
        for wrong in ["", "own", "a b", "../x"] {
            assert_eq!(name(wrong).unwrap_err().code, "rules.import-name", "{wrong}");
        }
    }
}
