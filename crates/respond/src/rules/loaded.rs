//! The rules that are in force: our own, shipped in the binary, those of folders on the disk, and those that the centre
//! approved in its database, which go before others of the same identity. What was switched off is known, never matched.
//!
//! They are replaced as a whole: whoever matches holds one [`Loaded`] for the length of a batch and never sees half of a
//! change. What is wrong with a file is told and never stops the others.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use chrono::{DateTime, Utc};
use khien_base::Result;
use khien_base::pool::Pool;
use khien_detect::{Engine, Rule, RuleFault, Ruleset, is_rule_file, limits};
use khien_web::Kit;
use rust_embed::Embed;
use serde::Deserialize;

use crate::intake::correlations::Correlations;
use crate::intake::find::Tools;

/// Rule files that are read from one folder with everything under it.
pub const FILES: usize = 20_000;
/// Folders within each other.
const DEPTH: usize = 32;
/// Those who match at once and keep their memory: as many as a machine has cores, as a rule.
const TOOLS: usize = 16;
/// Before the names of our own rules.
pub const OWN: &str = "khien/";
/// Before the names of documents of the database: `@own/…`, `@sigmahq/…`.
const KEPT: char = '@';

/// Where a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Shipped with the program.
    Shipped,
    /// Written here and approved by a second person.
    Own,
    /// A folder of the configuration.
    Folder,
    /// An import of this name.
    Import(String),
}

impl Origin {
    /// The origin of a file's name.
    pub fn of(source_name: &str) -> Self {
        match source_name.strip_prefix(KEPT).map(|rest| rest.split('/').next().unwrap_or_default()) {
            Some(super::model::OWN) => Self::Own,
            Some(name) => Self::Import(name.to_owned()),
            None if source_name.starts_with(OWN) => Self::Shipped,
            None => Self::Folder,
        }
    }

    /// The word in addresses: `khien`, `own`, `folder`, or the name of the import.
    pub fn word(&self) -> &str {
        match self {
            Self::Shipped => "khien",
            Self::Own => super::model::OWN,
            Self::Folder => "folder",
            Self::Import(name) => name,
        }
    }
}

/// What the database adds to the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Approved documents: origin, name, text.
    pub documents: Vec<(String, String, String)>,
    /// Rules that are switched off.
    pub off: HashSet<String>,
    /// What the database said of itself when it was read: another mark, other rules.
    pub mark: String,
}

#[derive(Embed)]
#[folder = "../../content/rules/"]
struct Own;

/// What our own rules say beyond Sigma, under `x_khien`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// Title in Vietnamese.
    pub title_vi: String,
    /// What it means, in Vietnamese.
    pub description_vi: String,
    /// What else may look like this, in Vietnamese.
    pub falsepositives_vi: Vec<String>,
    /// What to do first, in Vietnamese.
    pub advice_vi: String,
    /// What to do first, in English.
    pub advice_en: String,
    /// The group of incidents (`N1`…`N9`) that an incident made from its alert starts with.
    pub incident_group: String,
}

impl Notes {
    /// What else may look like this, in the reader's language where the rule has it.
    pub fn falsepositives(&self, rule: &Rule, vietnamese: bool) -> Vec<String> {
        let own = vietnamese && !self.falsepositives_vi.is_empty();
        if own { self.falsepositives_vi.clone() } else { rule.falsepositives.clone() }
    }
}

/// Rules that were loaded together.
#[derive(Debug)]
pub struct Loaded {
    /// The rules as they were read.
    pub ruleset: Arc<Ruleset>,
    /// The same, ready to match.
    pub engine: Engine,
    /// What was wrong with which file.
    pub faults: Vec<RuleFault>,
    /// When.
    pub loaded_at: DateTime<Utc>,
    /// From where, beside our own.
    pub folders: Vec<PathBuf>,
    /// What our own rules say beyond Sigma, by the rule's identity.
    pub notes: HashMap<String, Notes>,
    /// Rules and correlations that are switched off: known, never matched. A correlation has no log source.
    pub off: Vec<Rule>,
    /// [`Kept::mark`] of what they were read from.
    pub mark: String,
    /// Places among the heads of the rule set.
    places: HashMap<String, usize>,
    /// Memory of those who match with them.
    pub(crate) tools: Pool<Tools>,
}

impl Loaded {
    /// The rule or correlation of an identity, switched off or not.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        let on = self.places.get(id).and_then(|place| match place.checked_sub(self.ruleset.rules().len()) {
            None => self.ruleset.rules().get(*place),
            Some(place) => self.ruleset.correlations().get(place).map(|correlation| &correlation.rule),
        });
        on.or_else(|| self.off.iter().find(|rule| rule.id == id))
    }

    /// The rule or correlation that a correlation means: its identity, or its name.
    pub fn named(&self, name: &str) -> Option<&Rule> {
        self.rule(name).or_else(|| self.ruleset.heads().find(|rule| rule.name == name))
    }

    /// Whether a rule is in force.
    pub fn is_on(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    /// The title of a rule in Vietnamese, where it has one, else as it is written.
    pub fn title<'a>(&'a self, rule: &'a Rule, vietnamese: bool) -> &'a str {
        match self.notes.get(&rule.id) {
            Some(notes) if vietnamese && !notes.title_vi.is_empty() => &notes.title_vi,
            _ => &rule.title,
        }
    }
}

/// The rules in force, shared by the intake, the alerts and the page of rules.
#[derive(Debug)]
pub struct Rules {
    current: RwLock<Arc<Loaded>>,
    correlations: Correlations,
    /// One change at a time is worked in, so that the last one is what stays.
    pub(super) working: tokio::sync::Mutex<()>,
}

impl Rules {
    /// Puts these rules in force.
    pub fn new(loaded: Loaded) -> Self {
        let loaded = Arc::new(loaded);
        let correlations = Correlations::new(Arc::clone(&loaded));
        Self { current: RwLock::new(loaded), correlations, working: tokio::sync::Mutex::new(()) }
    }

    /// What correlations know of past events.
    pub fn correlations(&self) -> &Correlations {
        &self.correlations
    }

    /// The rules in force at this moment.
    pub fn current(&self) -> Arc<Loaded> {
        match self.current.read() {
            Ok(current) => Arc::clone(&current),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// Puts other rules in force.
    pub fn replace(&self, loaded: Loaded) {
        let loaded = Arc::new(loaded);
        match self.current.write() {
            Ok(mut current) => *current = loaded,
            Err(poisoned) => *poisoned.into_inner() = loaded,
        }
    }
}

/// The rules that were plugged into a kit.
pub fn of(kit: &Kit) -> Result<Arc<Rules>> {
    kit.part::<Rules>()
}

/// Reads our own rules and those of folders with everything under them. Blocking: some thousand files take a second.
pub fn load(folders: &[PathBuf], now: DateTime<Utc>) -> Loaded {
    load_with(folders, &Kept::default(), now)
}

/// [`load`] with what the database adds.
pub fn load_with(folders: &[PathBuf], kept: &Kept, now: DateTime<Utc>) -> Loaded {
    let mut faults = Vec::new();
    // First come, first kept: what the centre approved goes before a file of the same identity.
    let mut sources: Vec<(String, String)> =
        kept.documents.iter().map(|(origin, name, text)| (format!("{KEPT}{origin}/{name}"), text.clone())).collect();
    sources.extend(own());
    for folder in folders {
        read_folder(folder, &mut sources, &mut faults);
    }
    let (whole, found) = Ruleset::load(sources.iter().cloned());
    faults.extend(found.into_iter().filter(|fault| !replaced(fault)));
    let off: Vec<Rule> = whole.heads().filter(|rule| kept.off.contains(&rule.id)).cloned().collect();
    let ruleset = if off.is_empty() {
        whole
    } else {
        let (rest, found) = Ruleset::load(without(sources, &off).into_iter());
        let new = |fault: &RuleFault| !faults.contains(fault) && !replaced(fault) && !names(fault, &kept.off);
        let new: Vec<RuleFault> = found.into_iter().filter(new).collect();
        faults.extend(new);
        rest
    };
    let rules = || ruleset.heads().chain(&off);
    let notes = rules().filter_map(|rule| Some((rule.id.clone(), notes(rule)?))).collect();
    let places = ruleset.heads().enumerate().map(|(place, rule)| (rule.id.clone(), place)).collect();
    let ruleset = Arc::new(ruleset);
    let engine = Engine::new(Arc::clone(&ruleset));
    Loaded {
        ruleset,
        engine,
        faults,
        loaded_at: now,
        folders: folders.to_vec(),
        notes,
        off,
        mark: kept.mark.clone(),
        places,
        tools: Pool::new(TOOLS),
    }
}

/// The rule files of one folder with everything under it, and what could not be read.
pub fn files_of(folder: &Path) -> (Vec<(String, String)>, Vec<RuleFault>) {
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    read_folder(folder, &mut files, &mut faults);
    (files, faults)
}

/// A file whose rule the centre replaced by a version of its own database is not at fault.
fn replaced(fault: &RuleFault) -> bool {
    fault.code == "detect.id-twice"
        && fault.args.iter().any(|(name, value)| *name == "first" && value.starts_with(KEPT))
}

/// A filter or correlation that names a rule which is switched off is not at fault either.
fn names(fault: &RuleFault, off: &HashSet<String>) -> bool {
    ["detect.filter-rule-unknown", "detect.correlation-rule-unknown"].contains(&fault.code)
        && fault.args.iter().any(|(name, value)| *name == "rule" && off.contains(value))
}

/// The files without the documents of these rules. A file of several documents keeps the others where they stand.
fn without(sources: Vec<(String, String)>, off: &[Rule]) -> Vec<(String, String)> {
    let mut by_file: HashMap<&str, Vec<&Rule>> = HashMap::new();
    for rule in off {
        by_file.entry(&rule.source_name).or_default().push(rule);
    }
    let kept = |(name, text): (String, String)| {
        let Some(gone) = by_file.get(name.as_str()) else { return Some((name, text)) };
        let rest = gone.iter().fold(text, |text, rule| match text.find(&rule.yaml) {
            Some(at) => {
                // As many lines as before, so that faults of the others are told in their right lines.
                let lines = "\n".repeat(rule.yaml.matches('\n').count());
                let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + rule.yaml.len()..));
                format!("{before}{lines}{}", after.unwrap_or_default())
            }
            None => text,
        });
        let says = |line: &str| !line.trim().is_empty() && !line.starts_with(['#', '-']);
        rest.lines().any(says).then_some((name, rest))
    };
    sources.into_iter().filter_map(kept).collect()
}

/// Our own rule files, by name.
fn own() -> Vec<(String, String)> {
    let mut names: Vec<_> = Own::iter().filter(|name| name.ends_with(".yml")).collect();
    names.sort();
    let text = |name: &str| Own::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
    names.iter().filter_map(|name| Some((format!("{OWN}{name}"), text(name)?))).collect()
}

/// The part `x_khien` of a rule. Rules of others have none; a broken one is as good as none, since the rule itself
/// was read without faults.
fn notes(rule: &Rule) -> Option<Notes> {
    #[derive(Deserialize)]
    struct Document {
        x_khien: Option<Notes>,
    }
    if !rule.yaml.contains("x_khien:") {
        return None;
    }
    serde_yaml_ng::from_str::<Document>(&rule.yaml).ok()?.x_khien
}

fn read_folder(root: &Path, sources: &mut Vec<(String, String)>, faults: &mut Vec<RuleFault>) {
    let mut files = Vec::new();
    let mut next = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = next.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                faults.push(unreadable(&folder, &error));
                continue;
            }
        };
        for entry in entries.filter_map(std::result::Result::ok) {
            // The kind of the entry itself: links are not followed, so no circle and no way out of the folder.
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let hidden = name.starts_with('.');
            if kind.is_dir() && !hidden && depth < DEPTH {
                next.push((entry.path(), depth + 1));
            } else if kind.is_file() && !hidden && is_rule_file(&name) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    if files.len() > FILES {
        faults.push(too_many(root, files.len()));
        files.truncate(FILES);
    }
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        // No file passes for a document of the database.
        let name = if name.starts_with(KEPT) { format!("./{name}") } else { name };
        let size = std::fs::metadata(&file).map_or(0, |meta| meta.len());
        if size > limits::FILE_BYTES as u64 {
            faults.push(too_large(name));
            continue;
        }
        match std::fs::read(&file) {
            Ok(bytes) => sources.push((name, String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) => faults.push(unreadable(&file, &error)),
        }
    }
}

fn fault(code: &'static str, source: String, what: String, mend: &str, args: Vec<(&'static str, String)>) -> RuleFault {
    RuleFault { code, source, path: String::new(), line: 1, column: 1, what, mend: mend.to_owned(), args }
}

fn unreadable(path: &Path, error: &std::io::Error) -> RuleFault {
    let mend = "Check that the folder exists and that the program may read it.";
    let what = format!("It cannot be read: {error}.");
    fault("rules.unreadable", path.display().to_string(), what, mend, vec![("error", error.to_string())])
}

fn too_many(root: &Path, files: usize) -> RuleFault {
    let what = format!("The folder has {files} rule files; the first {FILES} are loaded.");
    let args = vec![("files", files.to_string()), ("limit", FILES.to_string())];
    fault("rules.too-many", root.display().to_string(), what, "Take away rules that are not needed here.", args)
}

fn too_large(name: String) -> RuleFault {
    let what = format!("The file is larger than {} bytes.", limits::FILE_BYTES);
    fault("detect.too-large", name, what, "Split it into several files.", Vec::new())
}
