//! The last time step of a second factor that was used, and the age of passwords from before ages counted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let step = Table::alter().table("person").add_column(big_integer_null("totp_step")).take();
        manager.alter_table(step).await?;
        // A password whose moment is not known is as old as its person's record.
        let aged = Query::update()
            .table("person")
            .value("password_at", Expr::col("created_at"))
            .and_where(Expr::col("password_at").is_null())
            .and_where(Expr::col("password_hash").is_not_null())
            .take();
        manager.exec_stmt(aged).await
    }
}
