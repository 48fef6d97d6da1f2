//! Notices and reports: their sections and fields, and where each value comes from.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Basis, Certainty};

/// A notice or report.
#[derive(Debug, Clone, Deserialize)]
pub struct Form {
    /// `BM-SC-02`
    pub id: String,
    /// How sure it is.
    #[serde(default)]
    pub certainty: Certainty,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; none while in force.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// The official form that it is.
    #[serde(default)]
    pub official: Option<String>,
    /// What it rests on.
    pub basis: Basis,
    /// That the official form is pending, in Vietnamese.
    #[serde(default)]
    pub pending_vi: Option<String>,
    /// That the official form is pending, in English.
    #[serde(default)]
    pub pending_en: Option<String>,
    /// Kinds of one form; empty where it has only one.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// What stands around the fields.
    pub document: Frame,
    /// The fields.
    pub sections: Vec<Section>,
}

/// A kind of a form.
#[derive(Debug, Clone, Deserialize)]
pub struct Kind {
    /// `72h`
    pub id: String,
    /// Name in Vietnamese.
    pub vi: String,
    /// Name in English.
    pub en: String,
}

/// What stands around the fields; `{key}` places are filled like fields.
#[derive(Debug, Clone, Deserialize)]
pub struct Frame {
    /// Kind of document in capitals.
    pub kind: String,
    /// Trích yếu.
    pub subject_vi: String,
    /// The same in English, for the page.
    pub subject_en: String,
    /// First sentence.
    #[serde(default)]
    pub opening_vi: Option<String>,
    /// Last sentence.
    #[serde(default)]
    pub closing_vi: Option<String>,
    /// Nơi nhận.
    #[serde(default)]
    pub recipients_vi: Vec<String>,
}

/// A section.
#[derive(Debug, Clone, Deserialize)]
pub struct Section {
    /// Its name in the file.
    pub id: String,
    /// Heading in Vietnamese.
    pub title_vi: String,
    /// Heading in English.
    pub title_en: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Debug, Clone, Deserialize)]
pub struct Field {
    /// Its name in the form.
    pub id: String,
    /// Label in Vietnamese.
    pub label_vi: String,
    /// Label in English.
    pub label_en: String,
    /// Keys of the value, tried in order; empty where the officer writes it.
    #[serde(default)]
    pub from: Vec<String>,
    /// `text`, `long`, `time`, …
    pub kind: String,
    /// Whether the form is not complete without it.
    #[serde(default)]
    pub required: bool,
    /// Only in these kinds of the form.
    #[serde(default)]
    pub only_kinds: Vec<String>,
    /// Not in these kinds of the form.
    #[serde(default)]
    pub except_kinds: Vec<String>,
}

impl Field {
    /// Whether it stands in a kind of the form.
    pub fn stands_in(&self, kind: &str) -> bool {
        (self.only_kinds.is_empty() || self.only_kinds.iter().any(|only| only == kind))
            && !self.except_kinds.iter().any(|except| except == kind)
    }
}

impl Form {
    /// Whether it is in force on a day.
    pub fn in_force(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}
