//! The rules of an order.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use khien_base::{Fault, Result};
use khien_detect::{
    Bounds, Correlator, Engine, Placeholders, Rule, RuleFault, Ruleset, is_rule_file, limits as rule_limits,
};
use rust_embed::Embed;
use serde::Deserialize;

use crate::order::{Choice, Order};
use crate::sources::{self, shown, unreadable};
use crate::trouble::Troubles;
use crate::words::Lang;
use crate::{archive, limits};

#[derive(Embed)]
#[folder = "../../content/rules/"]
struct Own;

/// What a rule is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Use {
    /// Its matches stand in the timeline.
    pub(crate) told: bool,
    /// A correlation that stands in the timeline may refer to it.
    pub(crate) correlated: bool,
}

/// Rules, ready to match. A position is that of a rule or, behind all rules, of a correlation.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) engine: Engine,
    /// What is wrong with which rule file.
    pub(crate) faults: Vec<RuleFault>,
    /// What a rule or correlation is for, by its position.
    uses: Vec<Use>,
    /// Titles in Vietnamese, by position, of rules that have one.
    titles: HashMap<u32, String>,
    places: HashMap<String, u32>,
}

impl Rules {
    /// Makes rules out of files. Fault: `hunt.no-rules` when none counts.
    pub(crate) fn new(places: &[Place], threads: usize, choice: &Choice, troubles: &Troubles) -> Result<Self> {
        let none = Placeholders::new();
        let (set, faults) = Ruleset::load_from(places, |place| place.read(troubles), threads, &none);
        let set = Arc::new(set);
        // Rules that only serve correlations stand in no timeline by themselves, correlations that serve others neither.
        let alone = (0..).zip(set.rules()).map(|(at, rule)| !set.is_quiet(at) && choice.takes(rule));
        let correlations = set.correlations().iter().map(|known| !known.quiet && choice.takes(&known.rule));
        let told: Vec<bool> = alone.chain(correlations).collect();
        if !told.contains(&true) {
            return Err(Fault::invalid("hunt.no-rules").with("loaded", told.len()).with("faults", faults.len()));
        }
        let correlates = told.iter().skip(set.rules().len()).any(|told| *told);
        let correlator = Correlator::new(Arc::clone(&set), Bounds::default());
        let rules = set.rules().len();
        let wanted = |at: usize| at < rules && u32::try_from(at).is_ok_and(|at| correlator.wants(&[at]));
        let uses = told.into_iter().enumerate();
        let uses = uses.map(|(at, told)| Use { told, correlated: correlates && wanted(at) }).collect();
        let (mut titles, mut places) = (HashMap::new(), HashMap::new());
        for (at, rule) in (0..).zip(set.heads()) {
            places.insert(rule.id.clone(), at);
            if let Some(title) = vietnamese(&rule.yaml) {
                titles.insert(at, title);
            }
        }
        Ok(Self { engine: Engine::new(set), faults, uses, titles, places })
    }

    /// How many rules and correlations stand in the timeline when they match.
    pub(crate) fn counted(&self) -> usize {
        self.uses.iter().filter(|of| of.told).count()
    }

    /// The position of a rule.
    pub(crate) fn place(&self, id: &str) -> Option<u32> {
        self.places.get(id).copied()
    }

    /// What a rule is for.
    pub(crate) fn uses(&self, at: u32) -> Use {
        self.uses.get(at as usize).copied().unwrap_or_default()
    }

    /// The position of a correlation.
    pub(crate) fn of_correlation(&self, place: usize) -> u32 {
        u32::try_from(self.engine.ruleset().rules().len() + place).unwrap_or(u32::MAX)
    }

    /// Whether a position is that of a correlation.
    pub(crate) fn is_correlation(&self, at: u32) -> bool {
        at as usize >= self.engine.ruleset().rules().len()
    }

    /// A rule or correlation by its position.
    pub(crate) fn rule(&self, at: u32) -> Option<&Rule> {
        let (set, at) = (self.engine.ruleset(), at as usize);
        let behind = at.checked_sub(set.rules().len());
        set.rules().get(at).or_else(|| set.correlations().get(behind?).map(|known| &known.rule))
    }

    /// The title of a rule: in Vietnamese where it has one, else as it is written.
    pub(crate) fn title(&self, at: u32, lang: Lang) -> &str {
        let translated = self.titles.get(&at).filter(|_| lang == Lang::Vi);
        translated.map(String::as_str).or_else(|| self.rule(at).map(|rule| rule.title.as_str())).unwrap_or_default()
    }
}

/// The title in Vietnamese that our own rules have.
fn vietnamese(yaml: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Document {
        x_khien: Notes,
    }
    #[derive(Deserialize)]
    struct Notes {
        title_vi: String,
    }
    if !yaml.contains("x_khien:") {
        return None;
    }
    let title = serde_yaml_ng::from_str::<Document>(yaml).ok()?.x_khien.title_vi;
    Some(title).filter(|title| !title.is_empty())
}

/// Where a rule file is.
#[derive(Debug)]
pub(crate) enum Place {
    /// Here: its name and text.
    Here(String, String),
    /// On the disk.
    Disk(PathBuf),
}

impl Place {
    /// Its name and text; what cannot be read is told.
    fn read(&self, troubles: &Troubles) -> Option<(String, String)> {
        match self {
            Self::Here(name, text) => Some((name.clone(), text.clone())),
            Self::Disk(path) => {
                let name = shown(path);
                let read = File::open(path).map_err(|error| unreadable(&error)).and_then(text);
                read.map_err(|fault| troubles.add(&name, fault)).ok().map(|text| (name, text))
            }
        }
    }
}

/// The rule files of an order, in the order of folders and names.
///
/// Faults that end the run: `hunt.no-rule-folder` (`file`), `hunt.too-many-rules` (`limit`).
pub(crate) fn places(order: &Order, troubles: &Troubles) -> Result<Vec<Place>> {
    let mut places = if order.rules.is_empty() || order.own_rules { own() } else { Vec::new() };
    for path in &order.rules {
        let meta = std::fs::metadata(path)
            .map_err(|error| Fault::invalid("hunt.no-rule-folder").with("file", path.display()).with("what", error))?;
        if meta.is_dir() {
            let mut found = Vec::new();
            sources::walk(path, &mut found, troubles)?;
            let files = found.into_iter().filter(|path| counts(&path.to_string_lossy()));
            places.extend(files.map(Place::Disk));
        } else if archive::is_zip(path) {
            unzip(path, &mut places, troubles)?;
        } else {
            places.push(Place::Disk(path.clone()));
        }
        if places.len() > limits::RULE_FILES {
            return Err(Fault::invalid("hunt.too-many-rules").with("limit", limits::RULE_FILES));
        }
    }
    Ok(places)
}

/// The text of a rule file; one byte more than a rule file may have, so that its being too large is told.
fn text(from: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    let most = rule_limits::FILE_BYTES as u64 + 1;
    from.take(most).read_to_end(&mut bytes).map_err(|error| archive::fault(&error))?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn unzip(path: &Path, places: &mut Vec<Place>, troubles: &Troubles) -> Result<()> {
    let mut bytes = 0;
    for entry in archive::entries(path)? {
        if !counts(&entry.name) {
            continue;
        }
        let name = format!("{}!{}", shown(path), entry.name);
        let opened = entry.packed.and_then(|at| archive::open(path, &at).map_err(|error| unreadable(&error)));
        match opened.and_then(text) {
            Ok(text) => {
                bytes += text.len() as u64;
                places.push(Place::Here(name, text));
            }
            Err(fault) => troubles.add(&name, fault),
        }
        if bytes > limits::RULES {
            return Err(Fault::invalid("hunt.archive-too-large").with("limit", limits::RULES));
        }
    }
    Ok(())
}

/// Our own rule files, by name.
fn own() -> Vec<Place> {
    let mut names: Vec<_> = Own::iter().filter(|name| counts(name)).collect();
    names.sort();
    let text = |name: &str| Own::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
    names.iter().filter_map(|name| Some(Place::Here(format!("khien/{name}"), text(name)?))).collect()
}

/// Whether a file holds rules and is not hidden.
fn counts(name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    !name.starts_with('.') && is_rule_file(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_rules_are_in_the_program_and_have_vietnamese_titles() {
        let rules = Rules::new(&own(), 1, &Choice::default(), &Troubles::default()).unwrap();
        assert_eq!(rules.faults, []);
        assert!(rules.counted() > 30);
        assert_eq!(rules.titles.len(), rules.uses.len());
        assert_ne!(rules.title(0, Lang::Vi), rules.title(0, Lang::En));
        let second = rules.rule(1).unwrap().id.clone();
        assert_eq!(rules.place(&second), Some(1));
    }

    #[test]
    fn a_choice_that_leaves_nothing_is_told() {
        let choice = Choice { only: vec!["no such rule".into()], ..Choice::default() };
        assert_eq!(Rules::new(&own(), 1, &choice, &Troubles::default()).unwrap_err().code, "hunt.no-rules");
    }
}
