//! Units and the links between them.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// A unit: province, commune, department, police, enterprise… Dated: a closed unit stays for its records.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Official code of a province (2 digits) or commune (5 digits); the key of the template for others.
    pub code: Option<String>,
    /// One of [`KINDS`].
    pub kind: String,
    /// Full name ("Phường Nhân Hòa").
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Short form ("SGD&ĐT").
    pub short: String,
    /// [`khien_base::key::key`] of the name.
    pub search_key: String,
    /// Other names that documents use, as search keys.
    pub aliases: Json,
    /// Latitude of its seat, degrees (WGS 84).
    pub lat: Option<f64>,
    /// Longitude of its seat, degrees (WGS 84).
    pub lon: Option<f64>,
    /// First day.
    pub valid_from: Date,
    /// Last day; none while it exists.
    pub valid_to: Option<Date>,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a unit may be.
pub const KINDS: [&str; 17] = [
    "tinh",
    "thanh_pho",
    "xa",
    "phuong",
    "dac_khu",
    "assembly",
    "committee",
    "department",
    "police",
    "military",
    "party",
    "front",
    "court",
    "central",
    "service",
    "press",
    "enterprise",
];

/// Kinds that are communes.
pub const COMMUNES: [&str; 3] = ["xa", "phuong", "dac_khu"];

/// Links of the dated hierarchies.
pub mod link {
    use sea_orm::entity::prelude::*;

    /// The hierarchy along which rights reach.
    pub const ADMINISTRATION: &str = "administration";

    /// Who stood under whom, from when to when.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_link")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// `administration`, `police`, `party`, `ownership`
        pub hierarchy: String,
        /// The upper unit.
        pub parent: Uuid,
        /// The lower unit.
        pub child: Uuid,
        /// First day.
        pub valid_from: Date,
        /// Last day; none while it holds.
        pub valid_to: Option<Date>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A unit to be made, from the catalogue, a template or a form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct NewUnit {
    /// Official code or template key.
    pub code: Option<String>,
    /// Kind.
    pub kind: String,
    /// Full name.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Short form.
    pub short: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Where it is.
    pub place: Option<(f64, f64)>,
    /// First day.
    pub valid_from: Date,
}
