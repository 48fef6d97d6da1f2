//! A database of its own for each test: SQLite in a folder that goes with the test, or a schema of its own in
//! the PostgreSQL that `KHIEN_TEST_POSTGRES` names.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use khien_base::{Fault, Result};
use sea_orm::{ConnectionTrait, Database};

use crate::{Db, fault};

/// A database that lasts as long as the test.
#[derive(Debug)]
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// A folder of the test's own.
    pub folder: PathBuf,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

impl TestDb {
    /// A fresh, migrated database.
    pub async fn fresh() -> Result<Self> {
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("khien_test_{}_{n}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).map_err(Fault::internal)?;
        #[expect(clippy::disallowed_methods, reason = "which database the tests run on is a setting of the test run")]
        let db = match std::env::var("KHIEN_TEST_POSTGRES") {
            Ok(server) if !server.is_empty() => Db::open(&schema_of_its_own(&server, &name).await?).await?,
            _ => Db::open(&sqlite(&folder)).await?,
        };
        Ok(Self { db, folder })
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        // A folder that cannot be removed is left to the system's clean-up; the test's outcome stands.
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn sqlite(folder: &Path) -> String {
    format!("sqlite://{}?mode=rwc", folder.join("khien.db").display())
}

async fn schema_of_its_own(server: &str, name: &str) -> Result<String> {
    let admin = Database::connect(server).await.map_err(fault)?;
    admin.execute_unprepared(&format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await.map_err(fault)?;
    admin.execute_unprepared(&format!("CREATE SCHEMA {name}")).await.map_err(fault)?;
    admin.close().await.map_err(fault)?;
    Ok(format!("{server}?options=-c%20search_path%3D{name}"))
}
