//! `khien people remove-second-factor`: the way back in when nobody can sign in who could remove it in the pages, since
//! the only administrator lost the telephone or the server lost its key. Who runs it has the server's own data folder.

use khien_base::{Clock, Fault, Result};
use khien_db::{Db, Entry};
use khien_directory::people::store;
use serde_json::json;

/// Removes the second factor of a user and ends all sessions and tokens. The password stays what it is.
pub async fn remove_second_factor(db: &Db, clock: &Clock, username: &str) -> Result<String> {
    let unknown = || Fault::not_found("local.no-user").with("username", username);
    let found = store::by_username(db, username.trim()).await?.ok_or_else(unknown)?;
    let tx = db.begin().await?;
    let person = store::hold(tx.conn(), found.id).await?;
    if person.totp_secret.is_none() {
        return Err(Fault::conflict("people.no-second-factor"));
    }
    let entry = Entry {
        at: clock.now(),
        actor: None,
        actor_name: "Khiên".into(),
        unit: Some(person.unit),
        action: "people.remove-second-factor",
        subject_kind: "person",
        subject: person.id,
        detail: json!({"username": person.username}),
        request: "command line".into(),
    };
    let name = person.name.clone();
    store::forget_second_factor(tx.conn(), person).await?;
    tx.commit(entry).await?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use khien_directory::testing::{TestApp, beginning};

    use super::*;

    #[tokio::test]
    async fn the_only_administrator_gets_in_again_and_the_log_tells() {
        let app = TestApp::with(vec![]).await.unwrap();
        let (db, clock, boss) = (&app.kit.db, Clock::fixed(beginning()), app.founded.administrator);
        let again = remove_second_factor(db, &clock, "quantri").await.unwrap_err();
        assert_eq!(again.code, "people.no-second-factor");
        let tx = db.begin().await.unwrap();
        let person = store::hold(tx.conn(), boss).await.unwrap();
        store::set_second_factor(tx.conn(), person, "v1:00000000:AA".into(), 1).await.unwrap();
        tx.commit_machine().await.unwrap();
        assert_eq!(remove_second_factor(db, &clock, " QuanTri ").await.unwrap(), "Nguyễn Quản Trị");
        assert_eq!(store::get(db, boss).await.unwrap().totp_secret, None);
        let log = khien_db::audit::history(db.read(), boss, 1).await.unwrap();
        assert_eq!((log[0].action.as_str(), log[0].actor), ("people.remove-second-factor", None));
        assert_eq!(remove_second_factor(db, &clock, "ai-do").await.unwrap_err().code, "local.no-user");
    }
}
