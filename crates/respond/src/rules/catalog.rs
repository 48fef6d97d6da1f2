//! Everything that could fire or quiet, as one list: rules, correlations and filters, in force or switched off.

use std::collections::HashMap;

use khien_base::LogSource;
use khien_base::key::key;
use khien_detect::{Rule, Tags};
use serde_json::json;

use super::loaded::{Loaded, Origin};
use super::model::{self, cost};
use super::store::figures::Figures;
use crate::alerts::rules as levels;

/// One line of the list.
#[derive(Debug, Clone)]
pub struct Entry<'l> {
    /// Identity.
    pub id: &'l str,
    /// One of [`model::KINDS`].
    pub kind: &'static str,
    /// Title in the reader's language, where it has one.
    pub title: &'l str,
    /// Title as it is written.
    pub written: &'l str,
    /// Weight of the level; 0 for filters.
    pub level: i32,
    /// The word of the status; empty where there is none.
    pub status: String,
    /// Which logs it is for.
    pub log: &'l LogSource,
    /// Its tags; none for filters.
    pub tags: Option<&'l Tags>,
    /// Where it comes from.
    pub origin: Origin,
    /// The name of its file.
    pub file: &'l str,
    /// Whether it is in force.
    pub on: bool,
    /// What it did lately.
    pub figures: Figures,
    /// Nanoseconds for one event, where it was measured.
    pub nanos: Option<i64>,
}

/// What is known of rules besides their files.
#[derive(Debug, Default)]
pub struct Known {
    /// What they did, by rule.
    pub figures: HashMap<String, Figures>,
    /// What they cost, by rule.
    pub costs: HashMap<String, cost::Model>,
}

/// What a list is narrowed by; empty parts narrow nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words.
    pub words: String,
    /// Level by name.
    pub level: String,
    /// Status by name.
    pub status: String,
    /// "windows / security"
    pub logsource: String,
    /// Product.
    pub product: String,
    /// Tactic.
    pub tactic: String,
    /// Technique; T1059 also means its sub-techniques.
    pub technique: String,
    /// Word of the origin.
    pub source: String,
    /// Kind of document.
    pub kind: String,
    /// `on`, `off`
    pub state: String,
    /// `fired`, `silent`, `noisy`
    pub hits: String,
}

/// All lines, in the order of their files.
pub fn entries<'l>(loaded: &'l Loaded, known: &Known, vietnamese: bool) -> Vec<Entry<'l>> {
    let rules = loaded.ruleset.heads().map(|rule| (rule, true));
    let rules = rules.chain(loaded.off.iter().map(|rule| (rule, false)));
    let filters = loaded.ruleset.filters().iter().map(|filter| Entry {
        id: &filter.id,
        kind: model::FILTER,
        title: &filter.title,
        written: &filter.title,
        level: 0,
        status: String::new(),
        log: &filter.logsource,
        tags: None,
        origin: Origin::of(&filter.source_name),
        file: &filter.source_name,
        on: true,
        figures: Figures::default(),
        nanos: None,
    });
    rules.map(|(rule, on)| of_rule(loaded, rule, on, known, vietnamese)).chain(filters).collect()
}

/// The line of one rule or correlation.
pub fn of_rule<'l>(loaded: &'l Loaded, rule: &'l Rule, on: bool, known: &Known, vietnamese: bool) -> Entry<'l> {
    Entry {
        id: &rule.id,
        // Every rule has a log source; a correlation has none of its own.
        kind: if rule.logsource == LogSource::default() { model::CORRELATION } else { model::RULE },
        title: loaded.title(rule, vietnamese),
        written: &rule.title,
        level: levels::weight(rule.level),
        status: rule.status.and_then(|status| json!(status).as_str().map(str::to_owned)).unwrap_or_default(),
        log: &rule.logsource,
        tags: Some(&rule.tags),
        origin: Origin::of(&rule.source_name),
        file: &rule.source_name,
        on,
        figures: known.figures.get(&rule.id).copied().unwrap_or_default(),
        nanos: known.costs.get(&rule.id).map(|cost| cost.nanos),
    }
}

/// "windows / security"
pub fn logsource(log: &LogSource) -> String {
    let parts = [&log.product, &log.category, &log.service].into_iter().flatten();
    parts.map(String::as_str).collect::<Vec<_>>().join(" / ")
}

impl Wanted {
    /// Whether anything narrows the list.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }

    /// Whether a line is wanted.
    pub fn takes(&self, entry: &Entry<'_>) -> bool {
        let is = |wanted: &str, found: &str| wanted.is_empty() || wanted.eq_ignore_ascii_case(found);
        let none = Tags::default();
        let tags = entry.tags.unwrap_or(&none);
        let technique = |tag: &String| {
            tag.eq_ignore_ascii_case(&self.technique)
                || tag.strip_prefix(self.technique.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        is(&self.level, if entry.level == 0 { "" } else { levels::level_name(entry.level) })
            && is(&self.status, &entry.status)
            && is(&self.kind, entry.kind)
            && is(&self.source, entry.origin.word())
            && is(&self.product, entry.log.product.as_deref().unwrap_or_default())
            && is(&self.logsource, &logsource(entry.log))
            && is(&self.state, if entry.on { "on" } else { "off" })
            && (self.tactic.is_empty() || tags.tactics.iter().any(|tactic| is(&self.tactic, tactic)))
            && (self.technique.is_empty() || tags.techniques.iter().any(technique))
            && self.fired(entry)
            && self.says(entry, tags)
    }

    fn fired(&self, entry: &Entry<'_>) -> bool {
        match self.hits.as_str() {
            "fired" => entry.figures.month > 0,
            "silent" => entry.figures.month == 0 && entry.kind != model::FILTER,
            "noisy" => entry.figures.is_noisy(),
            _ => true,
        }
    }

    fn says(&self, entry: &Entry<'_>, tags: &Tags) -> bool {
        let words = key(&self.words);
        if words.is_empty() {
            return true;
        }
        let said =
            key(&format!("{} {} {} {} {}", entry.written, entry.title, entry.id, tags.all.join(" "), entry.file));
        words.split(' ').all(|word| said.contains(word))
    }
}

/// Sorts by a column: `level` (the usual), `title`, `hits`, `month`, `cost`, `source`; a `-` before it turns it round.
pub fn sort(entries: &mut [Entry<'_>], by: &str) {
    let (column, turned) = by.strip_prefix('-').map_or((by, false), |column| (column, true));
    match column {
        "title" => entries.sort_by_cached_key(|entry| key(entry.title)),
        "hits" => entries.sort_by_cached_key(|entry| (entry.figures.week, entry.figures.month, key(entry.title))),
        "month" => entries.sort_by_cached_key(|entry| (entry.figures.month, key(entry.title))),
        "cost" => entries.sort_by_cached_key(|entry| (entry.nanos.unwrap_or(-1), key(entry.title))),
        "source" => entries.sort_by_cached_key(|entry| (entry.origin.clone(), key(entry.title))),
        _ => entries
            .sort_by_cached_key(|entry| (-entry.level, -entry.figures.week, key(entry.title), entry.id.to_owned())),
    }
    if turned {
        entries.reverse();
    }
}

/// The values of a part of all lines with how many lines have each, most first.
pub fn facet<'e>(entries: &'e [Entry<'_>], part: impl Fn(&'e Entry<'_>) -> Vec<String>) -> Vec<(String, usize)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for value in entries.iter().flat_map(part).filter(|value| !value.is_empty()) {
        *counts.entry(value).or_default() += 1;
    }
    let mut sorted: Vec<(String, usize)> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted
}
