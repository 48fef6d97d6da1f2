//! The tables, as a list of steps. A step that was applied somewhere never changes: a new step follows.
//! Expand first, contract later: the version before must run on the tables of the version after.

use sea_orm_migration::prelude::*;

mod m0001_base;
mod m0002_directory;
mod m0003_plans;
mod m0004_systems;
mod m0005_sources;
mod m0006_alerts;
mod m0007_incidents;
mod m0008_audit_lists;
mod m0009_second_factors;
mod m0010_rules;
mod m0011_source_identities;
mod m0014_retention;
mod m0015_search;
mod m0016_parsers;

/// All steps, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_base::Step),
            Box::new(m0002_directory::Step),
            Box::new(m0003_plans::Step),
            Box::new(m0004_systems::Step),
            Box::new(m0005_sources::Step),
            Box::new(m0006_alerts::Step),
            Box::new(m0007_incidents::Step),
            Box::new(m0008_audit_lists::Step),
            Box::new(m0009_second_factors::Step),
            Box::new(m0010_rules::Step),
            Box::new(m0011_source_identities::Step),
            Box::new(m0014_retention::Step),
            Box::new(m0015_search::Step),
            Box::new(m0016_parsers::Step),
        ]
    }
}

/// Creates tables with their indexes: `(table, [(index name, columns, unique)])`.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    table: TableCreateStatement,
    name: &'static str,
    indexes: &[(&'static str, &[&'static str], bool)],
) -> std::result::Result<(), DbErr> {
    manager.create_table(table).await?;
    for (index, columns, unique) in indexes {
        let mut statement = Index::create();
        statement.name(*index).table(name);
        for column in *columns {
            statement.col(*column);
        }
        if *unique {
            statement.unique();
        }
        manager.create_index(statement.take()).await?;
    }
    Ok(())
}
