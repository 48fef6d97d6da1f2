//! Searches that are kept and run by themselves, files of events, and the way from an event to its alerts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, pk_uuid, string, string_null, text,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        searches(manager).await?;
        files(manager).await?;
        let of_events = Index::create().name("alert_member_event").table("alert_member").col("event").take();
        manager.create_index(of_events).await
    }
}

async fn searches(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let search = Table::create()
        .table("saved_search")
        .col(pk_uuid("id"))
        .col(uuid("unit"))
        .col(uuid("by"))
        .col(text("by_name"))
        .col(text("name"))
        .col(text("q"))
        .col(string("range"))
        .col(uuid_null("source"))
        .col(uuid_null("system"))
        .col(boolean("shared"))
        .col(integer_null("every_minutes"))
        .col(big_integer("threshold"))
        .col(integer("level"))
        .col(timestamp_with_time_zone_null("covered_at"))
        .col(big_integer_null("last_count"))
        .col(string_null("last_fault"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take();
    let indexes: [(&'static str, &'static [&'static str], bool); 2] =
        [("saved_search_by", &["by"], false), ("saved_search_unit", &["unit", "shared"], false)];
    create(manager, search, "saved_search", &indexes).await
}

async fn files(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let file = Table::create()
        .table("event_file")
        .col(pk_uuid("id"))
        .col(uuid("by"))
        .col(text("by_name"))
        .col(text("q"))
        .col(timestamp_with_time_zone("from_at"))
        .col(timestamp_with_time_zone("to_at"))
        .col(uuid_null("source"))
        .col(uuid_null("system"))
        .col(string("format"))
        .col(boolean("personal"))
        .col(string("state"))
        .col(string_null("fault"))
        .col(big_integer("total"))
        .col(big_integer("rows"))
        .col(big_integer("bytes"))
        .col(timestamp_with_time_zone("at"))
        .col(timestamp_with_time_zone("seen_at"))
        .take();
    let indexes: [(&'static str, &'static [&'static str], bool); 2] =
        [("event_file_by", &["by", "at"], false), ("event_file_state", &["state", "at"], false)];
    create(manager, file, "event_file", &indexes).await
}
