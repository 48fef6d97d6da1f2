//! Indexes for the list of the audit log: by unit and by action, newest first.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, column) in [("audit_unit", "unit"), ("audit_action", "action"), ("audit_actor", "actor")] {
            let index = Index::create().name(name).table("audit").col(column).col("seq").take();
            manager.create_index(index).await?;
        }
        let held = Index::create().name("role_held_unit").table("role_held").col("unit").col("role").take();
        manager.create_index(held).await
    }
}
