//! Incidents, their clocks, tasks and timeline.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    boolean, integer, json_binary, pk_uuid, string, string_null, text, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        incidents(manager).await?;
        clocks(manager).await?;
        tasks(manager).await?;
        entries(manager).await
    }
}

async fn incidents(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let incident = Table::create()
        .table("incident")
        .col(pk_uuid("id"))
        .col(string("number"))
        .col(integer("year"))
        .col(integer("serial"))
        .col(text("title"))
        .col(text("search_key"))
        .col(string("category"))
        .col(string("level"))
        .col(json_binary("flags"))
        .col(uuid("unit"))
        .col(uuid_null("system"))
        .col(boolean("system_critical"))
        .col(string("state"))
        .col(timestamp_with_time_zone("detected_at"))
        .col(timestamp_with_time_zone_null("occurred_at"))
        .col(timestamp_with_time_zone_null("violation_at"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .col(text("reported_by"))
        .col(text("description"))
        .col(text("assessment"))
        .col(text("scope"))
        .col(text("impact"))
        .col(text("measures"))
        .col(text("help"))
        .col(text("cause"))
        .col(text("lessons"))
        .col(text("personal_data"))
        .col(uuid_null("assigned_unit"))
        .col(uuid_null("officer"))
        .col(json_binary("typed"))
        .col(timestamp_with_time_zone_null("next_due"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take();
    create(
        manager,
        incident,
        "incident",
        &[
            ("incident_number", &["number"], true),
            ("incident_serial", &["year", "serial"], true),
            ("incident_unit", &["unit", "detected_at"], false),
            ("incident_assigned", &["assigned_unit"], false),
            ("incident_state", &["state", "detected_at"], false),
            ("incident_level", &["level", "detected_at"], false),
            ("incident_system", &["system"], false),
            ("incident_detected", &["detected_at"], false),
            ("incident_next_due", &["next_due"], false),
        ],
    )
    .await
}

async fn clocks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let clock = Table::create()
        .table("incident_clock")
        .col(pk_uuid("id"))
        .col(uuid("incident"))
        .col(uuid("unit"))
        .col(string("number"))
        .col(string("rule_id"))
        .col(integer("regime_version"))
        .col(json_binary("rule"))
        .col(integer("position"))
        .col(timestamp_with_time_zone_null("started_at"))
        .col(timestamp_with_time_zone_null("due_at"))
        .col(boolean("active"))
        .col(string_null("dropped_why"))
        .col(timestamp_with_time_zone_null("sent_at"))
        .col(text("sent_number"))
        .col(text("sent_channel"))
        .col(text("sent_file"))
        .col(text("sent_note"))
        .col(text("sent_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take();
    create(
        manager,
        clock,
        "incident_clock",
        &[
            ("incident_clock_one", &["incident", "rule_id"], true),
            ("incident_clock_due", &["active", "due_at"], false),
            ("incident_clock_unit", &["unit", "active", "due_at"], false),
        ],
    )
    .await
}

async fn tasks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let task = Table::create()
        .table("incident_task")
        .col(pk_uuid("id"))
        .col(uuid("incident"))
        .col(uuid("unit"))
        .col(text("title"))
        .col(text("detail"))
        .col(timestamp_with_time_zone_null("due_at"))
        .col(string("state"))
        .col(text("note"))
        .col(timestamp_with_time_zone_null("done_at"))
        .col(text("done_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take();
    create(
        manager,
        task,
        "incident_task",
        &[
            ("incident_task_incident", &["incident", "created_at"], false),
            ("incident_task_unit", &["unit", "state", "due_at"], false),
        ],
    )
    .await
}

async fn entries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let entry = Table::create()
        .table("incident_entry")
        .col(pk_uuid("id"))
        .col(uuid("incident"))
        .col(timestamp_with_time_zone("at"))
        .col(uuid_null("person"))
        .col(text("name"))
        .col(string("kind"))
        .col(json_binary("args"))
        .col(text("note"))
        .col(string_null("once"))
        .take();
    create(
        manager,
        entry,
        "incident_entry",
        &[("incident_entry_incident", &["incident", "at"], false), ("incident_entry_once", &["once"], true)],
    )
    .await
}
