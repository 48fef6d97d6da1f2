//! The register of information systems.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    date_null, json_binary, pk_uuid, small_integer_null, string, text, timestamp_with_time_zone, uuid,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let system = Table::create()
            .table("system")
            .col(pk_uuid("id"))
            .col(text("name"))
            .col(text("search_key"))
            .col(uuid("owner"))
            .col(uuid("operator"))
            .col(text("purpose"))
            .col(string("hosting"))
            .col(text("network"))
            .col(json_binary("addresses"))
            .col(json_binary("domains"))
            .col(small_integer_null("level"))
            .col(string("level_state"))
            .col(text("decision"))
            .col(date_null("decided_on"))
            .col(string("regime"))
            .col(string("state"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .take();
        create(
            manager,
            system,
            "system",
            &[
                ("system_owner", &["owner"], false),
                ("system_search_key", &["search_key"], false),
                ("system_state", &["state", "level_state"], false),
            ],
        )
        .await
    }
}
