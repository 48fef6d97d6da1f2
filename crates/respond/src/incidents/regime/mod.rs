//! Law of incidents as dated data: `content/regimes/incident-*.yaml`, read once.
//!
//! No legal number stands in code: hours, levels, addressees, forms and days off all come from those files.

pub mod calendar;
pub mod clocks;
pub mod forms;

use std::sync::OnceLock;

use khien_base::{Fault, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use calendar::Calendar;
pub use clocks::{ClockRule, Facts};
pub use forms::Form;

/// Everything that the files say.
#[derive(Debug)]
pub struct Regime {
    /// `version` of `incident-clocks.yaml`.
    pub version: u32,
    /// The clocks, superseded ones too.
    pub clocks: Vec<ClockRule>,
    /// Groups, levels, flags.
    pub classes: Classes,
    /// Notices and reports.
    pub forms: Vec<Form>,
    /// Working days.
    pub calendar: Calendar,
}

/// How sure a rule is; pages show anything but `sure` with its mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The text was read in full.
    #[default]
    Sure,
    /// From a summary or a private collection.
    SecondHand,
    /// To be checked before anybody relies on it.
    Uncertain,
    /// Our own working set until the competent body issues one.
    Working,
}

/// What a rule rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// "Nghị định 331/2026/NĐ-CP"
    pub document: String,
    /// "Điều 31 khoản 2 điểm d"
    pub article: String,
    /// A second source.
    #[serde(default)]
    pub detail: Option<String>,
}

impl Basis {
    /// "Điều 31 khoản 2 điểm d Nghị định 331/2026/NĐ-CP"
    pub fn line(&self) -> String {
        format!("{} {}", self.article, self.document)
    }
}

/// The classification of incidents.
#[derive(Debug, Deserialize)]
pub struct Classes {
    /// Groups N1–N9.
    pub groups: Vec<Named>,
    /// Levels M1–M4, the worst first.
    pub levels: Vec<Level>,
    /// Flags.
    pub flags: Vec<Named>,
}

/// A word of the classification.
#[derive(Debug, Clone, Deserialize)]
pub struct Named {
    /// `N1`, `personal_data`
    pub id: String,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
}

/// A level.
#[derive(Debug, Clone, Deserialize)]
pub struct Level {
    /// Its name.
    #[serde(flatten)]
    pub named: Named,
    /// Whether the law's word "nghiêm trọng" is read as this level.
    pub serious: bool,
    /// When it is proposed.
    pub suggest_when: Suggest,
}

/// When a level is proposed: any of the conditions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Suggest {
    any_flags: Vec<String>,
    or_system_levels: Vec<u8>,
    otherwise: bool,
}

impl Classes {
    /// The level that the regime proposes for these flags and this level of the system.
    pub fn suggest(&self, flags: &[String], system_level: Option<u8>) -> Option<&str> {
        let fits = |when: &Suggest| {
            when.otherwise
                || when.any_flags.iter().any(|flag| flags.contains(flag))
                || system_level.is_some_and(|level| when.or_system_levels.contains(&level))
        };
        self.levels.iter().find(|level| fits(&level.suggest_when)).map(|level| level.named.id.as_str())
    }
}

/// The entry of an identity in a list of names.
pub fn named<'a>(list: impl IntoIterator<Item = &'a Named>, id: &str) -> Option<&'a Named> {
    list.into_iter().find(|named| named.id == id)
}

impl Regime {
    /// The regime that the program was built with.
    pub fn get() -> Result<&'static Self> {
        static READ: OnceLock<std::result::Result<Regime, String>> = OnceLock::new();
        READ.get_or_init(read).as_ref().map_err(Fault::internal)
    }

    /// A clock by its identity.
    pub fn clock(&self, id: &str) -> Option<&ClockRule> {
        self.clocks.iter().find(|clock| clock.id == id)
    }

    /// A form by its identity.
    pub fn form(&self, id: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.id == id)
    }

    /// Levels that are read as "nghiêm trọng".
    pub fn serious(&self) -> Vec<&str> {
        self.classes.levels.iter().filter(|level| level.serious).map(|level| level.named.id.as_str()).collect()
    }

    /// The name of a level, as `M1`'s entry.
    pub fn level(&self, id: &str) -> Option<&Named> {
        named(self.classes.levels.iter().map(|level| &level.named), id)
    }
}

#[derive(Deserialize)]
struct ClockFile {
    version: u32,
    clocks: Vec<ClockRule>,
}

#[derive(Deserialize)]
struct FormFile {
    forms: Vec<Form>,
}

fn read() -> std::result::Result<Regime, String> {
    let clocks: ClockFile =
        yaml("incident-clocks.yaml", include_str!("../../../../../content/regimes/incident-clocks.yaml"))?;
    let classes = yaml("incident-classes.yaml", include_str!("../../../../../content/regimes/incident-classes.yaml"))?;
    let forms: FormFile =
        yaml("incident-forms.yaml", include_str!("../../../../../content/regimes/incident-forms.yaml"))?;
    let calendar =
        yaml("holidays-2026-2027.yaml", include_str!("../../../../../content/regimes/holidays-2026-2027.yaml"))?;
    Ok(Regime { version: clocks.version, clocks: clocks.clocks, classes, forms: forms.forms, calendar })
}

fn yaml<T: DeserializeOwned>(name: &str, text: &str) -> std::result::Result<T, String> {
    serde_yaml_ng::from_str(text).map_err(|error| format!("content/regimes/{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_read_whole_and_refer_only_to_what_is_there() {
        let regime = Regime::get().unwrap();
        assert_eq!(regime.classes.groups.len(), 9);
        assert_eq!(regime.classes.levels.len(), 4);
        for clock in &regime.clocks {
            if let Some(form) = &clock.form {
                assert!(regime.form(form).is_some(), "{}: no form {form}", clock.id);
            }
            for level in &clock.applies_when.levels {
                assert!(regime.level(level).is_some(), "{}: no level {level}", clock.id);
            }
            for flag in &clock.applies_when.any_flags {
                assert!(named(&regime.classes.flags, flag).is_some(), "{}: no flag {flag}", clock.id);
            }
        }
    }

    #[test]
    fn a_level_is_proposed_by_the_worst_sign() {
        let classes = &Regime::get().unwrap().classes;
        let flags = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(classes.suggest(&flags(&["spreading", "public_order"]), None), Some("M1"));
        assert_eq!(classes.suggest(&flags(&["spreading"]), Some(1)), Some("M2"));
        assert_eq!(classes.suggest(&[], Some(3)), Some("M2"));
        assert_eq!(classes.suggest(&[], Some(2)), Some("M3"));
        assert_eq!(classes.suggest(&[], None), Some("M3"));
    }
}
