//! Detection rules that the centre keeps itself: versions, switches, imports, trials over stored days, measured costs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, integer, json_binary, pk_uuid, string, string_null, text, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        versions(manager).await?;
        switches(manager).await?;
        imports(manager).await?;
        trials(manager).await
    }
}

async fn versions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let version = Table::create()
        .table("rule_version")
        .col(pk_uuid("id"))
        .col(string("rule"))
        .col(integer("number"))
        .col(string("kind"))
        .col(string("origin"))
        .col(text("path"))
        .col(string("state"))
        .col(text("title"))
        .col(integer("level"))
        .col(integer("maturity"))
        .col(string("product"))
        .col(string("category"))
        .col(string("service"))
        .col(text("yaml"))
        .col(string("sha256"))
        .col(uuid_null("author"))
        .col(text("author_name"))
        .col(timestamp_with_time_zone("written_at"))
        .col(timestamp_with_time_zone_null("submitted_at"))
        .col(uuid_null("reviewer"))
        .col(text("reviewer_name"))
        .col(timestamp_with_time_zone_null("reviewed_at"))
        .col(text("note"))
        .col(uuid_null("import"))
        .take();
    create(
        manager,
        version,
        "rule_version",
        &[
            ("rule_version_number", &["rule", "number"], true),
            ("rule_version_state", &["state", "written_at"], false),
            ("rule_version_origin", &["origin", "state"], false),
        ],
    )
    .await
}

async fn switches(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let setting = Table::create()
        .table("rule_setting")
        .col(string("rule").primary_key())
        .col(boolean("enabled"))
        .col(text("reason"))
        .col(uuid_null("by"))
        .col(text("by_name"))
        .col(timestamp_with_time_zone("at"))
        .take();
    create(manager, setting, "rule_setting", &[("rule_setting_enabled", &["enabled"], false)]).await?;
    let cost = Table::create()
        .table("rule_cost")
        .col(string("rule").primary_key())
        .col(big_integer("nanos"))
        .col(big_integer("events"))
        .col(timestamp_with_time_zone("at"))
        .take();
    create(manager, cost, "rule_cost", &[]).await
}

async fn imports(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let import = Table::create()
        .table("rule_import")
        .col(pk_uuid("id"))
        .col(string("name"))
        .col(text("file"))
        .col(string("sha256"))
        .col(big_integer("bytes"))
        .col(string("state"))
        .col(json_binary("counts"))
        .col(json_binary("choices"))
        .col(uuid_null("by"))
        .col(text("by_name"))
        .col(timestamp_with_time_zone("at"))
        .col(timestamp_with_time_zone_null("applied_at"))
        .take();
    create(manager, import, "rule_import", &[("rule_import_at", &["at"], false)]).await?;
    let item = Table::create()
        .table("rule_import_item")
        .col(pk_uuid("id"))
        .col(uuid("import"))
        .col(integer("position"))
        .col(text("path"))
        .col(string("rule"))
        .col(string("kind"))
        .col(string("outcome"))
        .col(text("title"))
        .col(integer("level"))
        .col(integer("maturity"))
        .col(string("product"))
        .col(string("category"))
        .col(string("service"))
        .col(text("yaml"))
        .col(string("sha256"))
        .col(json_binary("faults"))
        .take();
    let indexes: [(&'static str, &'static [&'static str], bool); 1] =
        [("rule_import_item_place", &["import", "outcome", "position"], false)];
    create(manager, item, "rule_import_item", &indexes).await
}

async fn trials(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let trial = Table::create()
        .table("rule_trial")
        .col(pk_uuid("id"))
        .col(string("rule"))
        .col(uuid_null("version"))
        .col(text("title"))
        .col(text("yaml"))
        .col(uuid_null("source"))
        .col(uuid_null("system"))
        .col(timestamp_with_time_zone("from_at"))
        .col(timestamp_with_time_zone("to_at"))
        .col(string("state"))
        .col(string_null("fault"))
        .col(big_integer("looked"))
        .col(big_integer("considered"))
        .col(big_integer("hits"))
        .col(big_integer("nanos"))
        .col(integer("days_done"))
        .col(boolean("cut"))
        .col(json_binary("by_day"))
        .col(json_binary("samples"))
        .col(uuid("by"))
        .col(text("by_name"))
        .col(timestamp_with_time_zone("at"))
        .col(timestamp_with_time_zone("seen_at"))
        .take();
    let indexes: [(&'static str, &'static [&'static str], bool); 1] = [("rule_trial_rule", &["rule", "at"], false)];
    create(manager, trial, "rule_trial", &indexes).await
}
