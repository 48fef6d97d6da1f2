//! The form of an incident.

use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

use super::Choice;

/// The form of a new incident, and of corrections.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sheet {
    /// The incident; none for a new one.
    pub id: Option<Id>,
    /// Its number.
    pub number: String,
    /// When it was last changed, for who saves over it.
    pub stamp: String,
    /// Where the form is sent.
    pub action: String,
    /// The unit, which never changes once it is open.
    pub unit: String,
    /// Values of the texts, by field.
    pub values: std::collections::BTreeMap<String, String>,
    /// Whether the system is critical to national security.
    pub system_critical: bool,
    /// Units to choose from.
    pub units: Vec<Choice>,
    /// Systems to choose from.
    pub systems: Vec<Choice>,
    /// Groups N1–N9.
    pub groups: Vec<Choice>,
    /// Levels M1–M4.
    pub levels: Vec<Choice>,
    /// Flags.
    pub flags: Vec<Flag>,
    /// Units that may lead the response.
    pub leads: Vec<Choice>,
    /// People who may answer for it.
    pub officers: Vec<Choice>,
    /// Alerts that it is opened from.
    pub alerts: Vec<Choice>,
}

/// A flag of the form.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Flag {
    /// `personal_data`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is set.
    pub set: bool,
}

impl View for Sheet {
    const PAGE: &'static str = "incidents/sheet.html";

    fn samples() -> Vec<Self> {
        let flag = |set| Flag { id: "personal_data".into(), name: "Có vi phạm dữ liệu cá nhân".into(), set };
        let choice = || vec![Choice::new("N1", "N1 – Mã độc")];
        vec![
            Self { action: "/incidents".into(), ..Self::default() },
            Self {
                id: Some(Id::nil()),
                number: "SC-2026-0007".into(),
                action: "/incidents/x".into(),
                unit: "Sở Y tế".into(),
                values: [("title".to_owned(), "\"<b>".to_owned())].into(),
                system_critical: true,
                units: choice(),
                systems: choice(),
                groups: choice(),
                levels: choice(),
                flags: vec![flag(true), flag(false)],
                leads: choice(),
                officers: choice(),
                alerts: choice(),
                ..Self::default()
            },
        ]
    }
}
