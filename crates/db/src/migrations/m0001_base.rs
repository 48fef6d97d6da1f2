//! Audit log, jobs, and the centre itself.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, json_binary, pk_uuid, string, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let audit = Table::create()
            .table("audit")
            .col(big_integer("seq").primary_key())
            .col(timestamp_with_time_zone("at"))
            .col(uuid_null("actor"))
            .col(text("actor_name"))
            .col(uuid_null("unit"))
            .col(string("action"))
            .col(string("subject_kind"))
            .col(uuid("subject"))
            .col(json_binary("detail"))
            .col(string("request"))
            .col(string("previous"))
            .col(string("hash"))
            .take();
        create(manager, audit, "audit", &[("audit_subject", &["subject", "seq"], false), ("audit_at", &["at"], false)])
            .await?;
        let job = Table::create()
            .table("job")
            .col(pk_uuid("id"))
            .col(string("kind"))
            .col(string("key"))
            .col(json_binary("payload"))
            .col(timestamp_with_time_zone("run_at"))
            .col(integer("attempts"))
            .col(text_null("last_error"))
            .col(timestamp_with_time_zone_null("done_at"))
            .take();
        create(manager, job, "job", &[("job_key", &["key"], true), ("job_due", &["done_at", "run_at"], false)]).await?;
        let setting =
            Table::create().table("setting").col(string("name").primary_key()).col(json_binary("value")).take();
        create(manager, setting, "setting", &[]).await
    }
}
