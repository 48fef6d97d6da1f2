//! Plans, their targets, tasks, reporting duties and progress.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, boolean, date, date_null, double_null, integer, json_binary, pk_uuid, string,
    string_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        plans(manager).await?;
        targets(manager).await?;
        tasks(manager).await?;
        agencies(manager).await?;
        work(manager).await?;
        duties(manager).await
    }
}

async fn plans(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let file = Table::create()
        .table("plan_file")
        .col(string("sha256").primary_key())
        .col(big_integer("size"))
        .col(blob("bytes"))
        .take();
    create(manager, file, "plan_file", &[]).await?;
    let plan = Table::create()
        .table("plan")
        .col(pk_uuid("id"))
        .col(uuid("unit"))
        .col(uuid_null("parent"))
        .col(string("state"))
        .col(text("title"))
        .col(text("search_key"))
        .col(text("number"))
        .col(text("kind"))
        .col(text("issuer"))
        .col(text("signer"))
        .col(text("place"))
        .col(date_null("issued"))
        .col(text("file_name"))
        .col(string("file_sha256"))
        .col(big_integer("file_size"))
        .col(json_binary("blocks"))
        .col(json_binary("warnings"))
        .col(uuid_null("author"))
        .col(text("author_name"))
        .col(timestamp_with_time_zone_null("submitted_at"))
        .col(uuid_null("approver"))
        .col(text("approver_name"))
        .col(date_null("live_from"))
        .col(text("note"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take();
    create(
        manager,
        plan,
        "plan",
        &[
            ("plan_unit", &["unit"], false),
            ("plan_state", &["state", "updated_at"], false),
            ("plan_parent", &["parent"], false),
        ],
    )
    .await
}

async fn targets(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let target = Table::create()
        .table("plan_target")
        .col(pk_uuid("id"))
        .col(uuid("plan"))
        .col(integer("position"))
        .col(integer("version"))
        .col(text("measure"))
        .col(string("comparator"))
        .col(double_null("low"))
        .col(double_null("high"))
        .col(text("unit"))
        .col(string_null("per"))
        .col(string_null("due_kind"))
        .col(date_null("due_from"))
        .col(date_null("due_to"))
        .col(string_null("due_every"))
        .col(string_null("binding"))
        .col(boolean("binding_confirmed"))
        .col(integer("block"))
        .col(text("sentence"))
        .col(json_binary("headings"))
        .take();
    create(
        manager,
        target,
        "plan_target",
        &[("plan_target_plan", &["plan", "position"], false), ("plan_target_binding", &["binding"], false)],
    )
    .await?;
    let figure = Table::create()
        .table("target_figure")
        .col(pk_uuid("id"))
        .col(uuid("target"))
        .col(date("day"))
        .col(timestamp_with_time_zone("at"))
        .col(big_integer("numerator"))
        .col(big_integer_null("denominator"))
        .take();
    create(manager, figure, "target_figure", &[("target_figure_day", &["target", "day"], true)]).await
}

async fn tasks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let task = Table::create()
        .table("plan_task")
        .col(pk_uuid("id"))
        .col(uuid("plan"))
        .col(integer("position"))
        .col(integer("version"))
        .col(text("group_name"))
        .col(text("number"))
        .col(text("text"))
        .col(text("search_key"))
        .col(string_null("due_kind"))
        .col(date_null("due_from"))
        .col(date_null("due_to"))
        .col(string_null("due_every"))
        .col(text("due_text"))
        .col(integer("block"))
        .col(text("sentence"))
        .col(json_binary("headings"))
        .take();
    create(manager, task, "plan_task", &[("plan_task_plan", &["plan", "position"], false)]).await
}

async fn agencies(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let agency = Table::create()
        .table("plan_agency")
        .col(pk_uuid("id"))
        .col(uuid("plan"))
        .col(text("name"))
        .col(text("search_key"))
        .col(boolean("collective"))
        .col(string("means"))
        .col(string_null("group_key"))
        .col(json_binary("units"))
        .col(boolean("confirmed"))
        .col(integer("version"))
        .take();
    create(manager, agency, "plan_agency", &[("plan_agency_name", &["plan", "search_key"], true)]).await?;
    let party = Table::create()
        .table("plan_party")
        .col(pk_uuid("id"))
        .col(uuid("plan"))
        .col(uuid("subject"))
        .col(string("role"))
        .col(integer("position"))
        .col(uuid("agency"))
        .take();
    create(
        manager,
        party,
        "plan_party",
        &[("plan_party_plan", &["plan"], false), ("plan_party_subject", &["subject", "role"], false)],
    )
    .await
}

async fn work(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let assignment = Table::create()
        .table("plan_assignment")
        .col(pk_uuid("id"))
        .col(uuid("plan"))
        .col(uuid("task"))
        .col(uuid("unit"))
        .col(string("role"))
        .col(string("period"))
        .col(date_null("starts_on"))
        .col(date_null("due_on"))
        .col(string("rhythm"))
        .col(string("state"))
        .col(integer("percent"))
        .col(date_null("done_on"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("updated_at"))
        .take();
    create(
        manager,
        assignment,
        "plan_assignment",
        &[
            ("plan_assignment_one", &["task", "unit", "role", "period"], true),
            ("plan_assignment_unit", &["unit", "state", "due_on"], false),
            ("plan_assignment_due", &["state", "due_on"], false),
            ("plan_assignment_plan", &["plan"], false),
        ],
    )
    .await?;
    let progress = Table::create()
        .table("plan_progress")
        .col(pk_uuid("id"))
        .col(uuid("task"))
        .col(uuid("assignment"))
        .col(uuid("unit"))
        .col(timestamp_with_time_zone("at"))
        .col(uuid_null("by"))
        .col(text("by_name"))
        .col(string("state"))
        .col(integer("percent"))
        .col(text("note"))
        .take();
    create(manager, progress, "plan_progress", &[("plan_progress_task", &["task", "at"], false)]).await
}

async fn duties(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let duty = Table::create()
        .table("plan_duty")
        .col(pk_uuid("id"))
        .col(uuid("plan"))
        .col(integer("position"))
        .col(integer("version"))
        .col(text("subject"))
        .col(string_null("every"))
        .col(json_binary("days"))
        .col(boolean("on_demand"))
        .col(big_integer_null("within_hours"))
        .col(integer("block"))
        .col(text("sentence"))
        .col(json_binary("headings"))
        .take();
    create(manager, duty, "plan_duty", &[("plan_duty_plan", &["plan", "position"], false)]).await?;
    let owed = Table::create()
        .table("plan_owed")
        .col(pk_uuid("id"))
        .col(uuid("plan"))
        .col(uuid("duty"))
        .col(uuid("unit"))
        .col(date("due_on"))
        .col(text_null("sent_number"))
        .col(date_null("sent_on"))
        .col(uuid_null("sent_by"))
        .col(timestamp_with_time_zone_null("sent_at"))
        .take();
    create(
        manager,
        owed,
        "plan_owed",
        &[
            ("plan_owed_one", &["duty", "unit", "due_on"], true),
            ("plan_owed_due", &["sent_on", "due_on"], false),
            ("plan_owed_unit", &["unit"], false),
        ],
    )
    .await
}
