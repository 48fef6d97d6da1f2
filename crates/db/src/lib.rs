//! Records at rest: SQLite and PostgreSQL, migrations, jobs, audit log.
