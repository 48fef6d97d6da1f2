//! The store of events: what is held, what was deleted, the decision on retention. How late sources are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, date, integer, pk_uuid, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let hold = Table::create()
            .table("event_hold")
            .col(pk_uuid("id"))
            .col(uuid("system"))
            .col(uuid("unit"))
            .col(uuid_null("incident"))
            .col(timestamp_with_time_zone_null("from_at"))
            .col(timestamp_with_time_zone_null("to_at"))
            .col(text("reason"))
            .col(uuid("set_by"))
            .col(text("set_by_name"))
            .col(timestamp_with_time_zone("set_at"))
            .col(timestamp_with_time_zone_null("lifted_at"))
            .col(text("lifted_by_name"))
            .col(text("lifted_reason"))
            .take();
        create(manager, hold, "event_hold", &[("event_hold_lifted", &["lifted_at", "set_at"], false)]).await?;
        let gone = Table::create()
            .table("event_deletion")
            .col(pk_uuid("id"))
            .col(date("day"))
            .col(uuid("system"))
            .col(uuid("unit"))
            .col(big_integer("events"))
            .col(integer("months"))
            .col(timestamp_with_time_zone("planned_at"))
            .col(timestamp_with_time_zone_null("done_at"))
            .take();
        create(manager, gone, "event_deletion", &[("event_deletion_done", &["done_at", "day"], false)]).await?;
        let decision = Table::create()
            .table("retention_decision")
            .col(integer("id").primary_key())
            .col(boolean("deletes"))
            .col(integer("least_months"))
            .col(uuid("by"))
            .col(text("by_name"))
            .col(timestamp_with_time_zone("at"))
            .take();
        create(manager, decision, "retention_decision", &[]).await?;
        let lag = Table::create()
            .table("log_source_lag")
            .col(pk_uuid("source"))
            .col(timestamp_with_time_zone("at"))
            .col(big_integer("seconds"))
            .take();
        create(manager, lag, "log_source_lag", &[]).await
    }
}
