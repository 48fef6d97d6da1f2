//! Parsers of log lines that the centre writes itself, and their versions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, integer, pk_uuid, string, text, timestamp_with_time_zone, uuid, uuid_null};

use super::create;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let parser = Table::create()
            .table("own_parser")
            .col(pk_uuid("id"))
            .col(string("name"))
            .col(boolean("enabled"))
            .col(integer("number"))
            .col(text("yaml"))
            .col(timestamp_with_time_zone("changed_at"))
            .col(text("changed_by"))
            .take();
        create(manager, parser, "own_parser", &[("own_parser_name", &["name"], true)]).await?;
        let version = Table::create()
            .table("own_parser_version")
            .col(pk_uuid("id"))
            .col(uuid("parser"))
            .col(integer("number"))
            .col(text("yaml"))
            .col(string("sha256"))
            .col(text("note"))
            .col(uuid_null("author"))
            .col(text("author_name"))
            .col(timestamp_with_time_zone("written_at"))
            .take();
        let unique = [("own_parser_version_number", &["parser", "number"][..], true)];
        create(manager, version, "own_parser_version", &unique).await
    }
}
