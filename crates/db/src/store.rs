//! Connections and transactions.

use std::time::Duration;

use khien_base::{Fault, Reach, Result};
use sea_orm::sea_query::{Expr, IntoColumnRef, SimpleExpr};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, ExprTrait,
    PaginatorTrait, QuerySelect, Select, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

use crate::audit::{self, Entry};
use crate::migrations::Migrator;

/// The database of a centre.
#[derive(Debug, Clone)]
pub struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
}

/// One change of the records: it is kept whole, with its audit entry, or not at all.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
}

impl Db {
    /// Opens `sqlite://path?mode=rwc` or `postgres://…` and brings its tables up to date.
    ///
    /// SQLite has one connection for writing, so that two changes queue instead of failing as "locked", and
    /// several for reading; a commit is on the disk before it is answered (`synchronous = FULL`).
    pub async fn open(url: &str) -> Result<Self> {
        let db = if url.starts_with("sqlite:") {
            let write = connect(url, 1).await?;
            Migrator::up(&write, None).await.map_err(fault)?;
            let read = connect(url, 4).await?;
            Self { read, write }
        } else {
            let pool = connect(url, 16).await?;
            Migrator::up(&pool, None).await.map_err(fault)?;
            Self { read: pool.clone(), write: pool }
        };
        Ok(db)
    }

    /// For queries.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Which database it is.
    pub fn backend(&self) -> DatabaseBackend {
        self.read.get_database_backend()
    }

    /// Starts a change.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx { inner: self.write.begin().await.map_err(fault)? })
    }

    /// Closes the connections; what was committed stays.
    pub async fn close(self) -> Result<()> {
        self.write.close().await.map_err(fault)?;
        self.read.close().await.map_err(fault)
    }
}

impl Tx {
    /// For the statements of the change.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Keeps the change together with its audit entry.
    pub async fn commit(self, entry: Entry) -> Result<()> {
        audit::append(&self.inner, entry).await?;
        self.inner.commit().await.map_err(fault)
    }

    /// Keeps a change with several audit entries, one for each thing that changed.
    pub async fn commit_all(self, entries: Vec<Entry>) -> Result<()> {
        for entry in entries {
            audit::append(&self.inner, entry).await?;
        }
        self.inner.commit().await.map_err(fault)
    }

    /// Keeps a change that no person made: alerts, last-seen times, jobs.
    pub async fn commit_machine(self) -> Result<()> {
        self.inner.commit().await.map_err(fault)
    }

    /// Gives the change up.
    pub async fn abandon(self) -> Result<()> {
        self.inner.rollback().await.map_err(fault)
    }
}

/// A database error as a fault: a broken rule of uniqueness is a conflict, the rest is our own defect.
pub fn fault(error: DbErr) -> Fault {
    match error.sql_err() {
        Some(sea_orm::SqlErr::UniqueConstraintViolation(what)) => {
            let mut fault = Fault::conflict("db.exists");
            fault.cause = Some(what);
            fault
        }
        _ => Fault::internal(error),
    }
}

/// The condition that a unit column lies within a reach.
pub fn within<C: IntoColumnRef>(column: C, reach: &Reach) -> SimpleExpr {
    match reach {
        Reach::All => Expr::val(1).eq(1),
        Reach::Units(units) if units.is_empty() => Expr::val(1).eq(0),
        Reach::Units(units) => Expr::col(column).is_in(units.iter().copied()),
    }
}

/// Rows of a query from `offset` on, `size` at most, and how many there are without these bounds.
pub async fn page<E: EntityTrait>(db: &Db, query: Select<E>, offset: u64, size: u64) -> Result<(Vec<E::Model>, u64)>
where
    E::Model: Sync,
{
    let total = query.clone().count(db.read()).await.map_err(fault)?;
    let rows = query.offset(offset).limit(size).all(db.read()).await.map_err(fault)?;
    Ok((rows, total))
}

async fn connect(url: &str, connections: u32) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(15))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(10))
        });
    Database::connect(options).await.map_err(fault)
}
