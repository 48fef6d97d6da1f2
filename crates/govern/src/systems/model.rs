//! An information system as it is stored.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// The table.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "system")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Name, as in its decision.
    pub name: String,
    /// [`khien_base::key::key`] of the name.
    pub search_key: String,
    /// Chủ quản: whose record it is.
    pub owner: Uuid,
    /// Đơn vị vận hành.
    pub operator: Uuid,
    /// What it is for.
    pub purpose: String,
    /// Where it runs ("Trung tâm dữ liệu tỉnh").
    pub hosting: String,
    /// Its network, as a CIDR.
    pub network: String,
    /// Addresses of its machines.
    pub addresses: Json,
    /// Its names in DNS.
    pub domains: Json,
    /// Security level 1–5; the approved one once approved, the proposed one before.
    pub level: Option<i16>,
    /// One of [`LEVEL_STATES`].
    pub level_state: String,
    /// Number of the decision that approves the level.
    pub decision: String,
    /// Its day.
    pub decided_on: Option<Date>,
    /// The regime that the level was proposed under (id in `content/regimes/`).
    pub regime: String,
    /// One of [`STATES`].
    pub state: String,
    /// When the record was made.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// How far the level's dossier is.
pub const LEVEL_STATES: [&str; 4] = ["none", "draft", "appraising", "approved"];
/// Whether the system is in use.
pub const STATES: [&str; 3] = ["planned", "running", "ended"];

/// What is written of a system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// Name.
    pub name: String,
    /// Owner.
    pub owner: Uuid,
    /// Operator.
    pub operator: Uuid,
    /// Purpose.
    pub purpose: String,
    /// Hosting.
    pub hosting: String,
    /// Network.
    pub network: String,
    /// Addresses.
    pub addresses: Vec<String>,
    /// Domains.
    pub domains: Vec<String>,
    /// Level.
    pub level: Option<i16>,
    /// `none`, `draft`, `appraising`: approval comes by [`super::rules::approve`] only.
    pub level_state: String,
    /// Regime.
    pub regime: String,
    /// State.
    pub state: String,
}
