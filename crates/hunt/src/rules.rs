//! The rules of an order.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use khien_base::{Fault, Result};
use khien_detect::{Engine, RuleFault, Ruleset, limits as rule_limits};
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

/// Rules, ready to match.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) engine: Engine,
    /// What is wrong with which rule file.
    pub(crate) faults: Vec<RuleFault>,
    /// Whether a rule counts, by its position.
    pub(crate) counts: Vec<bool>,
    /// Titles in Vietnamese, by position, of rules that have one.
    titles: HashMap<u32, String>,
    places: HashMap<String, u32>,
}

impl Rules {
    /// Makes rules out of files. Fault: `hunt.no-rules` when none counts.
    pub(crate) fn new(files: Vec<(String, String)>, choice: &Choice) -> Result<Self> {
        let (set, faults) = Ruleset::load(files.into_iter());
        let counts: Vec<bool> = set.rules().iter().map(|rule| choice.takes(rule)).collect();
        if !counts.contains(&true) {
            return Err(Fault::invalid("hunt.no-rules").with("loaded", counts.len()).with("faults", faults.len()));
        }
        let (mut titles, mut places) = (HashMap::new(), HashMap::new());
        for (at, rule) in (0..).zip(set.rules()) {
            places.insert(rule.id.clone(), at);
            if let Some(title) = vietnamese(&rule.yaml) {
                titles.insert(at, title);
            }
        }
        Ok(Self { engine: Engine::new(Arc::new(set)), faults, counts, titles, places })
    }

    /// How many rules count.
    pub(crate) fn counted(&self) -> usize {
        self.counts.iter().filter(|counts| **counts).count()
    }

    /// The position of a rule.
    pub(crate) fn place(&self, id: &str) -> Option<u32> {
        self.places.get(id).copied()
    }

    /// A rule by its position.
    pub(crate) fn rule(&self, at: u32) -> Option<&khien_detect::Rule> {
        self.engine.ruleset().rules().get(at as usize)
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

/// The rule files of an order, by name. What cannot be read is told and left out.
///
/// Faults that end the run: `hunt.no-rule-folder` (`file`), `hunt.too-many-rules` (`limit`).
pub(crate) fn files(order: &Order, troubles: &Troubles) -> Result<Vec<(String, String)>> {
    let mut read = if order.rules.is_empty() || order.own_rules { own() } else { Vec::new() };
    let mut paths = Vec::new();
    for path in &order.rules {
        let meta = std::fs::metadata(path)
            .map_err(|error| Fault::invalid("hunt.no-rule-folder").with("file", path.display()).with("what", error))?;
        if meta.is_dir() {
            let mut found = Vec::new();
            sources::walk(path, &mut found, troubles)?;
            paths.extend(found.into_iter().map(|(path, _)| path).filter(|path| is_rule_file(&path.to_string_lossy())));
        } else if archive::is_zip(path) {
            unzip(path, &mut read, troubles)?;
        } else {
            paths.push(path.clone());
        }
        if paths.len() + read.len() > limits::RULE_FILES {
            return Err(Fault::invalid("hunt.too-many-rules").with("limit", limits::RULE_FILES));
        }
    }
    let share = paths.len().div_ceil(order.threads.max(1)).max(1);
    let parts: Vec<Vec<(String, String)>> = std::thread::scope(|scope| {
        let readers: Vec<_> = paths.chunks(share).map(|paths| scope.spawn(move || read_all(paths, troubles))).collect();
        readers.into_iter().map(|reader| reader.join().unwrap_or_default()).collect()
    });
    read.extend(parts.into_iter().flatten());
    Ok(read)
}

fn read_all(paths: &[PathBuf], troubles: &Troubles) -> Vec<(String, String)> {
    let one = |path: &PathBuf| {
        let name = shown(path);
        let file = File::open(path).map_err(|error| unreadable(&error));
        match file.and_then(text) {
            Ok(text) => Some((name, text)),
            Err(fault) => {
                troubles.add(&name, fault);
                None
            }
        }
    };
    paths.iter().filter_map(one).collect()
}

/// The text of a rule file; one byte more than a rule file may have, so that its being too large is told.
fn text(from: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    let most = rule_limits::FILE_BYTES as u64 + 1;
    from.take(most).read_to_end(&mut bytes).map_err(|error| archive::fault(&error))?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn unzip(path: &Path, read: &mut Vec<(String, String)>, troubles: &Troubles) -> Result<()> {
    let mut bytes = 0;
    for entry in archive::entries(path)? {
        if !is_rule_file(&entry.name) {
            continue;
        }
        let name = format!("{}!{}", shown(path), entry.name);
        let opened = entry.packed.and_then(|at| archive::open(path, &at).map_err(|error| unreadable(&error)));
        match opened.and_then(text) {
            Ok(text) => {
                bytes += text.len() as u64;
                read.push((name, text));
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
fn own() -> Vec<(String, String)> {
    let mut names: Vec<_> = Own::iter().filter(|name| is_rule_file(name)).collect();
    names.sort();
    let text = |name: &str| Own::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
    names.iter().filter_map(|name| Some((format!("khien/{name}"), text(name)?))).collect()
}

/// Rule files, of ours and of others; samples of rules are none.
fn is_rule_file(name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let hidden = name.starts_with('.');
    !hidden && (name.ends_with(".yml") || name.ends_with(".yaml")) && !name.ends_with(".samples.yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_rules_are_in_the_program_and_have_vietnamese_titles() {
        let rules = Rules::new(own(), &Choice::default()).unwrap();
        assert_eq!(rules.faults, []);
        assert!(rules.counted() > 30);
        assert_eq!(rules.titles.len(), rules.counted());
        assert_ne!(rules.title(0, Lang::Vi), rules.title(0, Lang::En));
        let second = rules.rule(1).unwrap().id.clone();
        assert_eq!(rules.place(&second), Some(1));
    }

    #[test]
    fn a_choice_that_leaves_nothing_is_told() {
        let choice = Choice { only: vec!["no such rule".into()], ..Choice::default() };
        assert_eq!(Rules::new(own(), &choice).unwrap_err().code, "hunt.no-rules");
    }
}
