//! Settings of the centre that are made in pages and kept in the database.

use khien_base::{Fault, Id, Result};
use khien_db::fault;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ConnectionTrait};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The table.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "setting")]
pub struct Model {
    /// `centre`, `password-policy`
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Its value.
    pub value: Json,
}

impl ActiveModelBehavior for ActiveModel {}

/// Which centre this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Centre {
    /// The province's or commune's own unit: the root of the tree.
    pub unit: Id,
    /// "Trung tâm An ninh mạng tỉnh Bắc Ninh"
    pub name: String,
    /// Official code of the province or commune.
    pub code: String,
    /// Whether it is a province (else a commune).
    pub province: bool,
}

impl Centre {
    /// Where it is kept.
    pub const NAME: &'static str = "centre";
}

/// What passwords must be like (TCVN 14423:2026 x.6: at least 14 characters, or at least 8 with a second factor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    /// Characters at least.
    pub min_length: u32,
    /// Whether everybody must have a second factor.
    pub second_factor: bool,
    /// Days after which a password must change; 0 for never.
    pub max_age_days: u32,
}

impl PasswordPolicy {
    /// Where it is kept.
    pub const NAME: &'static str = "password-policy";
    /// The most days that an age may be limited to: ten years.
    pub const MAX_AGE: u32 = 3650;
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 14, second_factor: false, max_age_days: 0 }
    }
}

/// The value of a setting, if it was made.
pub async fn get<T: DeserializeOwned, C: ConnectionTrait>(conn: &C, name: &str) -> Result<Option<T>> {
    match Entity::find_by_id(name).one(conn).await.map_err(fault)? {
        None => Ok(None),
        Some(row) => serde_json::from_value(row.value).map(Some).map_err(Fault::internal),
    }
}

/// Makes or changes a setting.
pub async fn put<T: Serialize, C: ConnectionTrait>(conn: &C, name: &str, value: &T) -> Result<()> {
    let row = ActiveModel {
        name: ActiveValue::Set(name.to_owned()),
        value: ActiveValue::Set(serde_json::to_value(value).map_err(Fault::internal)?),
    };
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Name).update_column(Column::Value).to_owned())
        .exec_without_returning(conn)
        .await
        .map_err(fault)?;
    Ok(())
}
