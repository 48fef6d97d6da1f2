//! The page of the first run.

use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

/// The wizard's one page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Setup {
    /// Provinces to choose from.
    pub provinces: Vec<Choice>,
    /// The chosen province, when a commune of it is to be chosen.
    pub province: String,
    /// Communes of that province.
    pub communes: Vec<Choice>,
}

/// Something to choose.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Choice {
    /// Official code.
    pub value: String,
    /// Name.
    pub label: String,
}

impl View for Setup {
    const PAGE: &'static str = "setup/setup.html";

    fn samples() -> Vec<Self> {
        let choice = |value: &str, label: &str| Choice { value: value.into(), label: label.into() };
        vec![
            Self { provinces: vec![choice("24", "Tỉnh Bắc Ninh")], ..Self::default() },
            Self {
                provinces: vec![choice("24", "Tỉnh Bắc Ninh")],
                province: "24".into(),
                communes: vec![choice("09253", "Phường Nhân Hòa")],
            },
        ]
    }
}
