//! The page on which a report is made.

use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

use super::Choice;

/// The page on which a report is made.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Report {
    /// The incident.
    pub id: Id,
    /// Its number.
    pub number: String,
    /// `BM-SC-02`
    pub form: String,
    /// `72h`; empty where the form has one kind.
    pub kind: String,
    /// Kinds to choose from.
    pub kinds: Vec<Choice>,
    /// What it is.
    pub name: String,
    /// What it rests on.
    pub basis: String,
    /// That the official form is pending.
    pub pending: String,
    /// How sure it is.
    pub certainty: String,
    /// Sections with their fields.
    pub sections: Vec<ReportSection>,
    /// Labels of required fields that say nothing yet.
    pub missing: Vec<String>,
    /// To whom.
    pub to: String,
    /// Number and symbol.
    pub document_number: String,
    /// Authority line.
    pub authority: String,
    /// Post of the signer.
    pub post: String,
    /// Name of the signer.
    pub signer: String,
    /// Nơi nhận, one a line.
    pub recipients: String,
    /// Day of the document, ISO.
    pub date: String,
}

/// A section of a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportSection {
    /// Heading.
    pub title: String,
    /// Fields.
    pub fields: Vec<ReportField>,
}

/// A field of a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportField {
    /// Under which name a typed value is kept.
    pub key: String,
    /// Label.
    pub label: String,
    /// What it says.
    pub value: String,
    /// Whether it is typed here and does not come from the record.
    pub typed: bool,
    /// Whether it is a long text.
    pub long: bool,
    /// Whether the form is not complete without it.
    pub required: bool,
}

impl View for Report {
    const PAGE: &'static str = "incidents/report.html";

    fn samples() -> Vec<Self> {
        let field = |typed, long, value: &str| ReportField {
            key: "unit.address".into(),
            label: "Địa chỉ".into(),
            value: value.into(),
            typed,
            long,
            required: true,
        };
        vec![
            Self::default(),
            Self {
                number: "SC-2026-0007".into(),
                form: "BM-SC-03".into(),
                kind: "72h".into(),
                kinds: vec![Choice::new("72h", "72 giờ"), Choice::new("closing", "kết thúc")],
                name: "Sự cố".into(),
                pending: "đây là mẫu tạm".into(),
                certainty: "working".into(),
                sections: vec![ReportSection {
                    title: "Nguyên nhân".into(),
                    fields: vec![field(true, false, ""), field(true, true, "x"), field(false, true, "một\nhai")],
                }],
                missing: vec!["Địa chỉ".into()],
                recipients: "a\nb".into(),
                ..Self::default()
            },
        ]
    }
}
