//! The promises of the crate, on whichever database the test run names.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::Id;
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use serde_json::json;

use crate::audit::{Entry, Verdict, history, verify};
use crate::jobs;
use crate::migrations::Migrator;
use crate::testing::TestDb;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 123_456_000).unwrap()
}

fn entry(n: u128) -> Entry {
    Entry {
        at: at(i64::try_from(n).unwrap()),
        actor: Some(Id::from_u128(7)),
        actor_name: "Nguyễn Văn Hòa".into(),
        unit: None,
        action: "plans.approve",
        subject_kind: "plan",
        subject: Id::from_u128(n),
        detail: json!({"tên": ["cũ", "mới"], "a": {"z": 1, "b": null}}),
        request: "r".into(),
    }
}

#[tokio::test]
async fn a_chain_of_changes_holds_and_tampering_is_found() {
    let test = TestDb::fresh().await.unwrap();
    for n in 1..=5 {
        test.db.begin().await.unwrap().commit(entry(n)).await.unwrap();
    }
    assert!(matches!(verify(test.db.read()).await.unwrap(), Verdict::Whole { rows: 5, .. }));
    assert_eq!(history(test.db.read(), Id::from_u128(3), 10).await.unwrap().len(), 1);

    let tx = test.db.begin().await.unwrap();
    tx.conn().execute_unprepared("UPDATE audit SET actor_name = 'Kẻ khác' WHERE seq = 3").await.unwrap();
    tx.commit_machine().await.unwrap();
    assert_eq!(verify(test.db.read()).await.unwrap(), Verdict::Broken { seq: 3 });
}

#[tokio::test]
async fn removing_a_row_is_found() {
    let test = TestDb::fresh().await.unwrap();
    for n in 1..=4 {
        test.db.begin().await.unwrap().commit(entry(n)).await.unwrap();
    }
    let tx = test.db.begin().await.unwrap();
    tx.conn().execute_unprepared("DELETE FROM audit WHERE seq = 2").await.unwrap();
    tx.commit_machine().await.unwrap();
    assert_eq!(verify(test.db.read()).await.unwrap(), Verdict::Broken { seq: 2 });
}

#[tokio::test]
async fn a_job_is_asked_for_once_and_a_failed_one_comes_back_later() {
    let test = TestDb::fresh().await.unwrap();
    for n in 1..=2 {
        let tx = test.db.begin().await.unwrap();
        jobs::enqueue(tx.conn(), Id::from_u128(n), "incidents.remind", "remind-1", json!({}), at(0)).await.unwrap();
        tx.commit_machine().await.unwrap();
    }
    assert!(jobs::due(&test.db, at(-1), 10).await.unwrap().is_empty());
    let due = jobs::due(&test.db, at(0), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    jobs::finish(&test.db, &due[0], Err("mạng hỏng".into()), at(0)).await.unwrap();
    assert!(jobs::due(&test.db, at(59), 10).await.unwrap().is_empty());
    let again = jobs::due(&test.db, at(0) + TimeDelta::minutes(1), 10).await.unwrap();
    assert_eq!(again[0].attempts, 1);
    jobs::finish(&test.db, &again[0], Ok(()), at(60)).await.unwrap();
    assert!(jobs::due(&test.db, at(100_000), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn passwords_from_before_ages_counted_are_as_old_as_their_person() {
    let test = TestDb::fresh().await.unwrap();
    let run = async |sql: &str| test.db.read().execute_unprepared(sql).await.unwrap().rows_affected();
    // The tables as they were before the step.
    run("ALTER TABLE person DROP COLUMN totp_step").await;
    assert_eq!(run("DELETE FROM seaql_migrations WHERE version = 'm0009_second_factors'").await, 1);
    for (n, hash, set) in
        [(1, "'$argon2id$'", "NULL"), (2, "'$argon2id$'", "'2026-03-01 00:00:00+00:00'"), (3, "NULL", "NULL")]
    {
        run(&format!(
            "INSERT INTO person (id, name, search_key, post, unit, email, phone, password_hash, password_at, must_change, \
             failures, active, created_at) VALUES ('00000000-0000-0000-0000-00000000000{n}', 'n{n}', '', '', \
             '00000000-0000-0000-0000-000000000000', '', '', {hash}, {set}, false, 0, true, '2026-01-01 00:00:00+00:00')"
        ))
        .await;
    }
    Migrator::up(test.db.read(), None).await.unwrap();
    assert_eq!(run("UPDATE person SET totp_step = 1 WHERE password_at = created_at AND name = 'n1'").await, 1);
    assert_eq!(run("UPDATE person SET totp_step = 1 WHERE password_at > created_at AND name = 'n2'").await, 1);
    assert_eq!(run("UPDATE person SET totp_step = 1 WHERE password_at IS NULL AND name = 'n3'").await, 1);
}
