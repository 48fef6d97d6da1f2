//! Alerts: groups, the events kept of each, and what was already counted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, date, integer, json_binary, pk_uuid, string, string_null, text, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        groups(manager).await?;
        members(manager).await
    }
}

async fn groups(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let group = Table::create()
        .table("alert_group")
        .col(pk_uuid("id"))
        .col(string("kind"))
        .col(string("rule"))
        .col(text("title"))
        .col(text("search_key"))
        .col(integer("level"))
        .col(json_binary("techniques"))
        .col(uuid("unit"))
        .col(uuid_null("system"))
        .col(string("host"))
        .col(string("state"))
        .col(string_null("reason"))
        .col(text("note"))
        .col(uuid_null("incident"))
        .col(big_integer("hits"))
        .col(integer("kept"))
        .col(date("kept_day"))
        .col(timestamp_with_time_zone("first_at"))
        .col(timestamp_with_time_zone("last_at"))
        .col(big_integer("hour"))
        .col(json_binary("detail"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .take();
    create(
        manager,
        group,
        "alert_group",
        &[
            ("alert_group_place", &["rule", "host", "last_at"], false),
            ("alert_group_last", &["last_at"], false),
            ("alert_group_unit", &["unit", "last_at"], false),
            ("alert_group_state", &["state", "level", "last_at"], false),
            ("alert_group_system", &["system", "last_at"], false),
            ("alert_group_host", &["host", "last_at"], false),
            ("alert_group_hour", &["hour"], false),
            ("alert_group_incident", &["incident"], false),
        ],
    )
    .await
}

async fn members(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let member = Table::create()
        .table("alert_member")
        .col(pk_uuid("id"))
        .col(uuid("alert_group"))
        .col(string("fingerprint"))
        .col(uuid("event"))
        .col(timestamp_with_time_zone("at"))
        .col(json_binary("record"))
        .col(json_binary("hits"))
        .take();
    let indexes: [(&'static str, &'static [&'static str], bool); 2] =
        [("alert_member_group", &["alert_group", "at"], false), ("alert_member_fingerprint", &["fingerprint"], true)];
    create(manager, member, "alert_member", &indexes).await?;
    let counted = Table::create()
        .table("alert_counted")
        .col(string("fingerprint").primary_key())
        .col(timestamp_with_time_zone("at"))
        .take();
    create(manager, counted, "alert_counted", &[("alert_counted_at", &["at"], false)]).await
}
