//! Log sources, and how many events came from each in slices of ten minutes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, json_binary, pk_uuid, string, string_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let source = Table::create()
            .table("log_source")
            .col(pk_uuid("id"))
            .col(text("name"))
            .col(text("search_key"))
            .col(uuid("system"))
            .col(uuid("unit"))
            .col(string("kind"))
            .col(string("status"))
            .col(string_null("token_hash"))
            .col(string("token_end"))
            .col(json_binary("addresses"))
            .col(integer("silent_minutes"))
            .col(timestamp_with_time_zone_null("last_event_at"))
            .col(timestamp_with_time_zone_null("live_until"))
            .col(timestamp_with_time_zone_null("silent_since"))
            .col(big_integer("events"))
            .col(big_integer("failures"))
            .col(timestamp_with_time_zone_null("failed_at"))
            .col(text_null("failure"))
            .col(text_null("failed_line"))
            .col(timestamp_with_time_zone("created_at"))
            .col(uuid_null("created_by"))
            .col(timestamp_with_time_zone("updated_at"))
            .take();
        create(
            manager,
            source,
            "log_source",
            &[
                ("log_source_token", &["token_hash"], true),
                ("log_source_live", &["status", "live_until"], false),
                ("log_source_unit", &["unit", "status"], false),
                ("log_source_system", &["system"], false),
                ("log_source_search_key", &["search_key"], false),
                ("log_source_last", &["last_event_at"], false),
            ],
        )
        .await?;
        let slice = Table::create()
            .table("log_source_slice")
            .col(uuid("source"))
            .col(timestamp_with_time_zone("at"))
            .col(big_integer("events"))
            .col(big_integer("failures"))
            .primary_key(Index::create().col("source").col("at"))
            .take();
        create(manager, slice, "log_source_slice", &[("log_source_slice_at", &["at"], false)]).await
    }
}
