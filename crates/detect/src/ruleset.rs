//! Rules loaded together, ready to be matched.

use std::collections::HashMap;
use std::hash::Hasher as _;

use khien_base::{LogSource, Record};
use rustc_hash::FxHasher;
use serde::Serialize;

use crate::correlate::Correlation;
use crate::correlate::link::{self, Linked};
use crate::correlate::read::{self as correlation, Draft};
use crate::detection::{self, Detection};
use crate::fault::{At, Faults, RuleFault};
use crate::filter::{self, Filter, Waiting};
use crate::item::{FieldNames, Placeholders, Reading};
use crate::matcher::{self, Hit};
use crate::rule::{self, Rule};
use crate::sheet::{self, Sheet};
use crate::subject::Subject;
use crate::yaml::{self, Kind, Node, YamlFault};
use crate::{limits, logsource};

/// Rules that were read without faults, by their log sources. Immutable: share it in an `Arc` and replace it
/// as a whole.
#[derive(Debug, Clone, Default)]
pub struct Ruleset {
    rules: Vec<Rule>,
    detections: Vec<Detection>,
    fields: FieldNames,
    filters: Vec<Filter>,
    correlations: Vec<Correlation>,
    /// For each rule whether it is only a part of correlations.
    quiet: Vec<bool>,
    /// For each rule whether a correlation refers to it.
    correlated: Vec<bool>,
    /// Positions of the rules of each log source.
    groups: Vec<(LogSource, Vec<usize>)>,
}

/// A rule that fired.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Match<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// What in the record made it fire; at most [`limits::HITS`].
    pub hits: Vec<Hit>,
}

impl Ruleset {
    /// Reads rule files (name and text of each). A file may hold several documents; each that has a fault is
    /// left out, and everything else is loaded.
    pub fn load(sources: impl Iterator<Item = (String, String)>) -> (Self, Vec<RuleFault>) {
        Self::load_with(sources, &Placeholders::new())
    }

    /// [`Ruleset::load`] with values for the placeholders of the modifier `expand`.
    pub fn load_with(
        sources: impl Iterator<Item = (String, String)>,
        placeholders: &Placeholders,
    ) -> (Self, Vec<RuleFault>) {
        let mut loading = Loading::new(placeholders);
        for (name, text) in sources {
            loading.sheet(&Sheet::new(name, text));
        }
        loading.done()
    }

    /// [`Ruleset::load_with`] of files that are read when their turn comes: `read` gives the name and text of what lies at
    /// a place, or nothing where it cannot be read. With more than one thread files are read and parsed beside each other;
    /// what comes of them is the same.
    pub fn load_from<P: Sync>(
        places: &[P],
        read: impl Fn(&P) -> Option<(String, String)> + Sync,
        threads: usize,
        placeholders: &Placeholders,
    ) -> (Self, Vec<RuleFault>) {
        let mut loading = Loading::new(placeholders);
        sheet::each(places, read, threads, &mut |sheet| loading.sheet(sheet));
        loading.done()
    }

    /// All rules, in the order in which they were given.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The filters that quiet rules, in the order in which they were given.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The correlations, each after those that it refers to.
    pub fn correlations(&self) -> &[Correlation] {
        &self.correlations
    }

    /// What people know as rules: the rules, and the correlations as far as they look like rules.
    pub fn heads(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().chain(self.correlations.iter().map(|correlation| &correlation.rule))
    }

    /// Whether the rule at a position only serves correlations and is not to alert by itself: correlations refer to it,
    /// and none of them says `generate: true` or its level is informational.
    pub fn is_quiet(&self, position: u32) -> bool {
        self.quiet.get(position as usize).copied().unwrap_or(false)
    }

    /// The rules that are to be matched against records of a log source.
    pub fn rules_for<'s>(&'s self, log: &'s LogSource) -> impl Iterator<Item = &'s Rule> {
        self.positions_for(log).into_iter().filter_map(|position| self.rules.get(position))
    }

    /// Every rule that fires on the record, in the order of the rules.
    pub fn matches(&self, record: &Record) -> Vec<Match<'_>> {
        let candidates = self.positions_for(&record.log);
        if candidates.is_empty() {
            return Vec::new();
        }
        let subject = Subject::new(record, &self.fields);
        let mut found = Vec::new();
        for position in candidates {
            let (Some(rule), Some(detection)) = (self.rules.get(position), self.detections.get(position)) else {
                continue;
            };
            if matcher::holds(detection, &subject) {
                found.push(Match { rule, hits: matcher::hits(detection, &subject) });
            }
        }
        found
    }

    /// Whether a correlation refers to the rule at a position.
    pub fn is_correlated(&self, position: u32) -> bool {
        self.correlated.get(position as usize).copied().unwrap_or(false)
    }

    /// What in a record made rules fire, by their positions.
    pub fn told(&self, record: &Record, fired: &[u32]) -> Vec<Match<'_>> {
        let subject = Subject::new(record, &self.fields);
        let one = |position: &u32| {
            let position = *position as usize;
            let (rule, detection) = (self.rules.get(position)?, self.detections.get(position)?);
            Some(Match { rule, hits: matcher::hits(detection, &subject) })
        };
        fired.iter().filter_map(one).collect()
    }

    /// The fields that the rules ask for.
    pub(crate) fn fields(&self) -> &FieldNames {
        &self.fields
    }

    /// What the rule at a position looks for.
    pub(crate) fn detection(&self, position: usize) -> Option<&Detection> {
        self.detections.get(position)
    }

    pub(crate) fn positions_for(&self, log: &LogSource) -> Vec<usize> {
        let groups = self.groups.iter().filter(|(source, _)| logsource::covers(source, log));
        let mut positions: Vec<usize> = groups.flat_map(|(_, members)| members.iter().copied()).collect();
        positions.sort_unstable();
        positions
    }
}

struct Loading<'p> {
    set: Ruleset,
    faults: Vec<RuleFault>,
    /// Where each id was first seen.
    ids: HashMap<String, String>,
    /// Filters, which may stand before their rules.
    waiting: Vec<Waiting>,
    /// Correlations, which may stand before their rules.
    drafts: Vec<Draft>,
    /// For each rule a hash of what it looks for.
    meanings: Vec<u64>,
    placeholders: &'p Placeholders,
}

impl<'p> Loading<'p> {
    fn new(placeholders: &'p Placeholders) -> Self {
        Self {
            set: Ruleset::default(),
            faults: Vec::new(),
            ids: HashMap::new(),
            waiting: Vec::new(),
            drafts: Vec::new(),
            meanings: Vec::new(),
            placeholders,
        }
    }

    /// The rule set of all files.
    fn done(mut self) -> (Ruleset, Vec<RuleFault>) {
        self.filter();
        self.link();
        let mut by_source: HashMap<&LogSource, usize> = HashMap::new();
        let mut groups: Vec<(LogSource, Vec<usize>)> = Vec::new();
        for (position, rule) in self.set.rules.iter().enumerate() {
            let group = *by_source.entry(&rule.logsource).or_insert_with(|| {
                groups.push((rule.logsource.clone(), Vec::new()));
                groups.len() - 1
            });
            if let Some((_, members)) = groups.get_mut(group) {
                members.push(position);
            }
        }
        self.set.groups = groups;
        (self.set, self.faults)
    }

    fn sheet(&mut self, sheet: &Sheet) {
        let (name, text) = (sheet.name.as_str(), sheet.text.as_str());
        let mut faults = Faults::new(name);
        let start = At { line: 1, column: 1 };
        if text.len() > limits::FILE_BYTES {
            let what = format!("The file is larger than {} bytes.", limits::FILE_BYTES);
            faults.report("detect.too-large", start, what, "Split it into several files.");
            self.faults.extend(faults.into_vec());
            return;
        }
        let documents = yaml::documents(text);
        if documents.len() > limits::DOCUMENTS {
            let what = format!("The file has more than {} documents.", limits::DOCUMENTS);
            faults.report("detect.too-large", start, what, "Split it into several files.");
        } else if documents.is_empty() {
            faults.report("detect.yaml", start, "The file is empty.", "Write a rule or take the file away.");
        } else {
            let several = documents.len() > 1;
            for (number, ((_, document), node)) in (1..).zip(documents.into_iter().zip(&sheet.nodes)) {
                let fallback_id = if several { format!("{name}#{number}") } else { name.to_owned() };
                self.document(name, &fallback_id, document, node);
            }
        }
        self.faults.extend(faults.into_vec());
    }

    fn document(&mut self, name: &str, fallback_id: &str, document: &str, node: &Result<Node, YamlFault>) {
        let mut faults = Faults::new(name);
        match node {
            Err(fault) => faults.report(fault.code, fault.at, fault.what.clone(), fault.mend),
            Ok(node) if filter::is_filter(node) => {
                let (fields, placeholders) = (&mut self.set.fields, self.placeholders);
                let mut reading = Reading { faults: &mut faults, fields, placeholders, values: 0 };
                self.waiting.extend(filter::read(node, &mut reading, name, fallback_id, document));
            }
            Ok(node) if correlation::is_correlation(node) => {
                let draft = correlation::read(node, &mut faults, name, fallback_id, document);
                self.keep_draft(draft, node, &mut faults);
            }
            Ok(node) if is_rule(node, &mut faults) => {
                let rule = rule::read(node, &mut faults, name, fallback_id, document);
                let detection = self.detection(node, &mut faults);
                self.keep(rule, detection, node, &mut faults);
            }
            Ok(_) => {}
        }
        self.faults.extend(faults.into_vec());
    }

    fn detection(&mut self, node: &Node, faults: &mut Faults<'_>) -> Option<Detection> {
        let Some(section) = node.get("detection") else {
            let mend = "Write `detection:` with search identifiers and a condition.";
            faults.report("detect.detection-missing", node.at, "The rule has no detection.", mend);
            return None;
        };
        let (fields, placeholders) = (&mut self.set.fields, self.placeholders);
        faults.within("detection", |faults| {
            let mut reading = Reading { faults, fields, placeholders, values: 0 };
            Some(detection::read(section, &[], &mut reading))
        })
    }

    /// Adds the filters to their rules.
    fn filter(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            let mut faults = Faults::new(&waiting.filter.source_name);
            let quieted = waiting.apply(&self.set.rules, &mut self.set.detections, &mut faults);
            for rule in quieted {
                if let Some(meaning) = self.meanings.get_mut(rule) {
                    *meaning = hashed(*meaning, &waiting.yaml);
                }
            }
            self.faults.extend(faults.into_vec());
            self.set.filters.push(waiting.filter);
        }
    }

    /// Binds correlations to their rules.
    fn link(&mut self) {
        let drafts = std::mem::take(&mut self.drafts);
        let Linked { correlations, quiet, correlated, faults } = link::link(drafts, &self.set.rules, &self.meanings);
        (self.set.correlations, self.set.quiet, self.set.correlated) = (correlations, quiet, correlated);
        self.faults.extend(faults);
    }

    /// Tells an id that was there before.
    fn once(&self, rule: &Rule, node: &Node, faults: &mut Faults<'_>) {
        if let Some(first) = self.ids.get(&rule.id) {
            let at = node.get("id").map_or(node.at, |n| n.at);
            let what = format!("The id {} is already that of a rule in {first}.", rule.id);
            let args = vec![("id", rule.id.clone()), ("first", first.clone())];
            faults.report_with("detect.id-twice", at, what, "Give the rule an id of its own.", args);
        }
    }

    /// Adds a rule that has no faults and whose id is new.
    fn keep(&mut self, rule: Rule, detection: Option<Detection>, node: &Node, faults: &mut Faults<'_>) {
        self.once(&rule, node, faults);
        if let (true, Some(detection)) = (faults.is_empty(), detection) {
            self.ids.insert(rule.id.clone(), rule.source_name.clone());
            let mut meaning = hashed(0, &rule.yaml);
            if rule.yaml.contains("expand") {
                meaning = hashed(meaning, &format!("{:?}", self.placeholders));
            }
            self.meanings.push(meaning);
            self.set.rules.push(rule);
            self.set.detections.push(detection);
        }
    }

    /// Keeps a correlation that has no faults and whose id is new until all rules are there.
    fn keep_draft(&mut self, draft: Option<Draft>, node: &Node, faults: &mut Faults<'_>) {
        let Some(draft) = draft else { return };
        self.once(&draft.rule, node, faults);
        if faults.is_empty() {
            self.ids.insert(draft.rule.id.clone(), draft.rule.source_name.clone());
            self.drafts.push(draft);
        }
    }
}

/// A hash of a text, beside what was hashed before.
fn hashed(before: u64, text: &str) -> u64 {
    let mut hash = FxHasher::default();
    hash.write_u64(before);
    hash.write(text.as_bytes());
    hash.finish()
}

/// Whether a document is a detection rule; says of rule collections that they are not read.
fn is_rule(node: &Node, faults: &mut Faults<'_>) -> bool {
    if !matches!(node.kind, Kind::Map(_)) {
        let what = format!("The document is {}, not a map.", node.name());
        faults.report("detect.not-a-rule", node.at, what, "Write a rule: title, logsource, detection.");
        return false;
    }
    if let Some(section) = node.get("action") {
        let what = "Rule collections of Sigma 1 (`action:`) are not supported.";
        let mend = "Leave the document out; the other rules are loaded.";
        faults.report("detect.action-unsupported", section.at, what, mend);
        return false;
    }
    true
}
