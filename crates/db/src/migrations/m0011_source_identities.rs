//! Log sources that are known by certificates, and how many events a second one may send.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer_null, json_binary};

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time. The version before writes no certificates: it needs the default.
        let certificates = json_binary("certificates").default("[]").take();
        manager.alter_table(Table::alter().table("log_source").add_column(certificates).take()).await?;
        manager.alter_table(Table::alter().table("log_source").add_column(integer_null("quota")).take()).await
    }
}
