//! Second factors and the age of passwords, as people and programs meet them.

use chrono::TimeDelta;
use khien_base::{Id, Role};
use khien_web::testing::{Answer, Browser};
use sea_orm::{ActiveValue, ConnectionTrait};

use crate::people::model::{Model, NewPerson};
use crate::people::store;
use crate::seal::{KEY, MARK, SecretKey};
use crate::setting::PasswordPolicy;
use crate::testing::{TestApp, beginning};
use crate::{gate, secret};

const PASSWORD: &str = "bảy con trâu gặm cỏ";
const TWO: PasswordPolicy = PasswordPolicy { min_length: 8, second_factor: true, max_age_days: 0 };

/// A centre with this policy and one focal point, `binh`, who has a password.
async fn centre(policy: PasswordPolicy) -> (TestApp, Id) {
    let app = TestApp::with(vec![]).await.unwrap();
    app.demand(policy).await.unwrap();
    let (id, unit) = (app.kit.id(), app.unit("so-y-te").unwrap());
    let hash = secret::hash(PASSWORD.into()).await.unwrap();
    let tx = app.kit.db.begin().await.unwrap();
    let person = NewPerson {
        name: "Trần Thị Bình".into(),
        unit,
        username: Some("binh".into()),
        password_hash: Some(hash),
        ..NewPerson::default()
    };
    store::insert(tx.conn(), id, person, app.kit.now()).await.unwrap();
    let role = store::NewRole {
        person: id,
        role: Role::FocalPoint,
        unit,
        from: khien_base::clock::day_in_vietnam(app.kit.now()),
        to: None,
        document: String::new(),
        by: None,
    };
    store::give(tx.conn(), app.kit.id(), role).await.unwrap();
    tx.commit_machine().await.unwrap();
    (app, id)
}

async fn enter(browser: &mut Browser, code: &str) -> Answer {
    browser.post("/sign-in", &[("username", "binh"), ("password", PASSWORD), ("code", code), ("next", "/people")]).await
}

async fn row(app: &TestApp, id: Id) -> Model {
    store::get(&app.kit.db, id).await.unwrap()
}

/// The code that a telephone with this secret shows.
fn code(app: &TestApp, secret: &str) -> String {
    let seconds = u64::try_from(app.kit.now().timestamp()).unwrap();
    secret::totp(secret, "a", "b").unwrap().generate(seconds).to_string()
}

/// Sets the second factor up as the page asks, and gives its secret.
async fn set_up(app: &TestApp, browser: &mut Browser) -> String {
    let page = browser.get("/account/second-factor").await.text();
    let secret = page.split("name=\"secret\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = [("secret", secret.as_str()), ("code", &code(app, &secret))];
    let answer = browser.post("/account/second-factor", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    // The code that confirms is used up; the telephone shows the next one half a minute later.
    app.clock.advance(TimeDelta::seconds(30));
    secret
}

async fn update(app: &TestApp, id: Id, change: impl FnOnce(&mut crate::people::model::ActiveModel) + Send) {
    let tx = app.kit.db.begin().await.unwrap();
    let person = store::hold(tx.conn(), id).await.unwrap();
    store::update(tx.conn(), person, change).await.unwrap();
    tx.commit_machine().await.unwrap();
}

#[tokio::test]
async fn a_demanded_second_factor_comes_before_everything_else() {
    let (app, _) = centre(TWO).await;
    let mut user = app.stranger();
    let answer = enter(&mut user, "").await;
    assert_eq!((answer.status, answer.location()), (303, "/account/second-factor"));
    for path in ["/", "/people", "/account", "/units", "/live", "/api.json", "/nowhere"] {
        let answer = user.get(path).await;
        assert_eq!((answer.status, answer.location()), (303, "/account/second-factor"), "{path}");
    }
    for path in ["/account/password", "/account/tokens", "/account/sessions/end"] {
        assert_eq!(user.post(path, &[("label", "x")]).await.location(), "/account/second-factor", "{path}");
    }
    for path in ["/api/v1/people", "/api/v1/account"] {
        let answer = user.get(path).await;
        assert_eq!((answer.status, answer.json()["fault"]["code"].as_str()), (403, Some("web.set-second-factor")));
    }
    let page = user.get("/account/second-factor").await;
    assert!(page.text().contains("trước khi tiếp tục"), "{}", page.text());
    assert!(!page.text().contains("<a class=\"item"), "no navigation to what is closed");
    assert_eq!(user.get("/healthz").await.status, 200);
    let wrong = user.post("/account/second-factor", &[("secret", &secret::new_totp()), ("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    set_up(&app, &mut user).await;
    let page = user.get("/people").await;
    assert!(page.status == 200 && page.text().contains("<a class=\"item"), "everything is open at once");
    let mut other = app.stranger();
    assert!(enter(&mut other, "").await.text().contains("6 chữ số"), "from now on the code is asked for");
}

#[tokio::test]
async fn who_owes_can_sign_out_and_the_password_comes_first() {
    let (app, id) = centre(TWO).await;
    update(&app, id, |row| row.must_change = ActiveValue::Set(true)).await;
    let mut user = app.stranger();
    assert_eq!(enter(&mut user, "").await.location(), "/account");
    assert_eq!(user.get("/account/second-factor").await.location(), "/account");
    assert_eq!(user.post("/account/tokens", &[("label", "x")]).await.location(), "/account");
    let new = "chín con mèo leo rào";
    let fields = [("current", PASSWORD), ("password", new), ("again", new)];
    assert_eq!(user.post("/account/password", &fields).await.status, 303);
    assert_eq!(user.get("/account").await.location(), "/account/second-factor");
    assert_eq!(user.post("/sign-out", &[]).await.location(), "/sign-in");
    assert!(user.get("/account").await.location().starts_with("/sign-in"));
}

#[tokio::test]
async fn a_token_is_worth_nothing_without_the_second_factor() {
    let (app, id) = centre(PasswordPolicy::default()).await;
    let mut user = app.stranger();
    enter(&mut user, "").await;
    let made = user.post("/api/v1/account/tokens", &[("label", "Báo cáo")]).await.json();
    let token = made["new_token"].as_str().unwrap().to_owned();
    let mut program = app.stranger();
    let body = serde_json::json!({"label": "khác"}).to_string();
    assert_eq!(program.with_token("/api/v1/people", &token).await.status, 200);
    app.demand(TWO).await.unwrap();
    for path in ["/api/v1/people", "/api/v1/account", "/people"] {
        let answer = program.with_token(path, &token).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text());
        assert!(answer.text().contains("web.set-second-factor"), "{path}");
    }
    assert_eq!(program.post_token("/api/v1/account/tokens", &token, body).await.status, 403);
    assert_eq!(
        user.post("/account/tokens", &[("label", "x")]).await.location(),
        "/account/second-factor",
        "none is made either"
    );
    assert_eq!(store::sessions(&app.kit.db, id, app.kit.now()).await.unwrap().len(), 2);
    set_up(&app, &mut user).await;
    assert_eq!(program.with_token("/api/v1/people", &token).await.status, 200);
}

#[tokio::test]
async fn a_password_that_is_too_old_is_changed_at_the_next_sign_in() {
    let (app, id) = centre(PasswordPolicy { max_age_days: 90, ..PasswordPolicy::default() }).await;
    let mut user = app.stranger();
    app.clock.advance(TimeDelta::days(90) - TimeDelta::hours(1));
    assert_eq!(enter(&mut user, "").await.location(), "/people");
    app.clock.advance(TimeDelta::hours(2));
    assert_eq!(user.get("/people").await.status, 200, "not in the middle of work");
    let made = user.post("/api/v1/account/tokens", &[("label", "Báo cáo")]).await.json();
    let mut late = app.stranger();
    assert_eq!(enter(&mut late, "").await.location(), "/account");
    assert_eq!(late.get("/people").await.location(), "/account");
    assert!(late.get("/account").await.text().contains("90 ngày"));
    assert_eq!(late.get("/api/v1/people").await.json()["fault"]["code"], "web.change-password");
    let token = made["new_token"].as_str().unwrap();
    assert_eq!(app.stranger().with_token("/api/v1/people", token).await.status, 200, "a program goes on");
    let new = "chín con mèo leo rào";
    let again = [("current", PASSWORD), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(late.post("/account/password", &again).await.status, 422, "the old one again");
    assert_eq!(
        late.post("/account/password", &[("current", PASSWORD), ("password", new), ("again", new)]).await.status,
        303
    );
    assert_eq!(late.get("/people").await.status, 200);
    assert_eq!(row(&app, id).await.password_at, Some(app.kit.now()));
}

#[tokio::test]
async fn a_code_works_once_and_so_do_the_older_ones() {
    let (app, id) = centre(TWO).await;
    let mut user = app.stranger();
    enter(&mut user, "").await;
    let secret = set_up(&app, &mut user).await;
    let older = code(&app, &secret);
    app.clock.advance(TimeDelta::seconds(30));
    let newer = code(&app, &secret);
    assert_eq!(enter(&mut app.stranger(), &newer).await.location(), "/people");
    let replayed = enter(&mut app.stranger(), &newer).await;
    assert!(replayed.status == 200 && replayed.text().contains("đã được dùng"), "{}", replayed.text());
    assert!(replayed.text().contains("name=\"code\""), "the next code can be typed right there");
    assert!(enter(&mut app.stranger(), &older).await.text().contains("đã được dùng"), "an older one neither");
    assert_eq!(row(&app, id).await.failures, 2, "a replay counts as a wrong code");
    app.clock.advance(TimeDelta::seconds(30));
    let next = code(&app, &secret);
    assert_eq!(enter(&mut app.stranger(), &next).await.location(), "/people");
    assert_eq!(row(&app, id).await.failures, 0);
    assert_eq!(row(&app, id).await.totp_step, Some(app.kit.now().timestamp() / 30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_requests_at_once_with_one_code_a_single_one_gets_in() {
    let (app, id) = centre(TWO).await;
    let mut user = app.stranger();
    enter(&mut user, "").await;
    let secret = set_up(&app, &mut user).await;
    let code = code(&app, &secret);
    let tries = (0..4).map(|_| {
        let (mut browser, code) = (app.stranger(), code.clone());
        tokio::spawn(async move { enter(&mut browser, &code).await.status })
    });
    let mut inside = 0;
    for one in futures::future::join_all(tries).await {
        inside += usize::from(one.unwrap() == 303);
    }
    assert_eq!(inside, 1);
    let begun = khien_db::audit::history(app.kit.db.read(), id, 50).await.unwrap();
    assert_eq!(begun.iter().filter(|entry| entry.action == "sign_in.begin").count(), 2, "with the one that set it up");
}

#[tokio::test]
async fn the_secret_never_stands_in_the_table() {
    let (app, id) = centre(TWO).await;
    let mut user = app.stranger();
    enter(&mut user, "").await;
    let secret = set_up(&app, &mut user).await;
    let stored = row(&app, id).await.totp_secret.unwrap();
    assert!(stored.starts_with(MARK) && !stored.contains(&secret), "{stored}");
    let log = khien_db::audit::history(app.kit.db.read(), id, 50).await.unwrap();
    assert!(log.iter().all(|entry| !entry.detail.to_string().contains(&secret)));
    // A secret that was copied from another person's row does not let anybody in.
    let (other, _) = app.sign_in(Role::Officer, "tt-anm").await.unwrap();
    let foreign = SecretKey::new(crate::testing::KEY).seal(other, &secret).unwrap();
    update(&app, id, |row| row.totp_secret = ActiveValue::Set(Some(foreign))).await;
    let code = code(&app, &secret);
    assert_eq!(enter(&mut app.stranger(), &code).await.status, 500);
}

#[tokio::test]
async fn a_secret_from_before_is_read_and_then_sealed() {
    let (app, id) = centre(TWO).await;
    let secret = secret::new_totp();
    let clear = secret.clone();
    update(&app, id, |row| row.totp_secret = ActiveValue::Set(Some(clear))).await;
    let typed = code(&app, &secret);
    assert_eq!(enter(&mut app.stranger(), &typed).await.location(), "/people");
    let stored = row(&app, id).await.totp_secret.unwrap();
    assert!(stored.starts_with(MARK), "sealed by signing in: {stored}");
    // The others are sealed by the next start.
    let clear = secret.clone();
    update(&app, id, |row| row.totp_secret = ActiveValue::Set(Some(clear))).await;
    let directory = gate::of(&app.kit).unwrap();
    assert_eq!(directory.seal_secrets().await.unwrap(), 0);
    let sealed = row(&app, id).await.totp_secret.unwrap();
    assert!(sealed.starts_with(MARK) && !sealed.contains(&secret), "{sealed}");
    app.clock.advance(TimeDelta::seconds(30));
    let typed = code(&app, &secret);
    assert_eq!(enter(&mut app.stranger(), &typed).await.location(), "/people");
    assert_eq!(directory.seal_secrets().await.unwrap(), 0);
    assert_eq!(row(&app, id).await.totp_secret.unwrap(), sealed, "what is sealed stays as it is");
}

#[tokio::test]
async fn with_another_key_the_page_says_who_helps_and_the_help_works() {
    let (app, id) = centre(TWO).await;
    let secret = secret::new_totp();
    let lost = SecretKey::new([1; KEY]).seal(id, &secret).unwrap();
    update(&app, id, |row| row.totp_secret = ActiveValue::Set(Some(lost))).await;
    assert_eq!(gate::of(&app.kit).unwrap().seal_secrets().await.unwrap(), 1, "the start tells how many");
    let mut user = app.stranger();
    let typed = code(&app, &secret);
    let refused = enter(&mut user, &typed).await;
    assert!(refused.text().contains("secret.key") && refused.text().contains("quản trị viên"), "{}", refused.text());
    assert_eq!(row(&app, id).await.failures, 0, "it is not the person's fault");
    // The administrator has a second factor, removes the lost one; nobody does it to the own account.
    app.demand(PasswordPolicy::default()).await.unwrap();
    let (me, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    set_up(&app, &mut admin).await;
    app.demand(TWO).await.unwrap();
    let own = admin.post(&format!("/people/{me}/second-factor"), &[]).await;
    assert!(own.status == 403 && own.text().contains("people.own-account"), "{}", own.text());
    assert!(row(&app, me).await.totp_secret.is_some());
    assert_eq!(admin.post(&format!("/people/{id}/second-factor"), &[]).await.status, 303);
    let told = khien_db::audit::history(app.kit.db.read(), id, 1).await.unwrap().remove(0);
    assert_eq!((told.action.as_str(), told.actor), ("people.remove-second-factor", Some(me)));
    let after = row(&app, id).await;
    assert_eq!((after.totp_secret, after.totp_step), (None, None));
    assert_eq!(enter(&mut user, "").await.location(), "/account/second-factor");
    set_up(&app, &mut user).await;
    assert_eq!(user.get("/people").await.status, 200);
}

#[tokio::test]
async fn the_wizard_keeps_the_age_that_was_chosen() {
    let app = TestApp::with(vec![]).await.unwrap();
    let tx = app.kit.db.begin().await.unwrap();
    for table in ["setting", "person", "role_held", "unit", "unit_link"] {
        tx.conn().execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
    }
    tx.commit_machine().await.unwrap();
    gate::of(&app.kit).unwrap().forget();
    let mut browser = app.stranger();
    assert!(browser.get("/setup").await.text().contains("name=\"max_age_days\""));
    let fields = |days: &'static str| {
        [
            ("province", "24"),
            ("name", "Nguyễn Quản Trị"),
            ("username", "binh"),
            ("password", PASSWORD),
            ("again", PASSWORD),
            ("policy", "second-factor"),
            ("max_age_days", days),
        ]
    };
    for wrong in ["-1", "3651", "mai"] {
        let answer = browser.post("/setup", &fields(wrong)).await;
        assert!(answer.status == 422 && answer.text().contains("setup.max-age"), "{wrong}: {}", answer.text());
    }
    assert_eq!(browser.post("/setup", &fields("60")).await.location(), "/sign-in");
    let policy = gate::of(&app.kit).unwrap().policy(app.kit.now()).await.unwrap();
    assert_eq!(policy, PasswordPolicy { max_age_days: 60, ..TWO });
    assert_eq!(enter(&mut browser, "").await.location(), "/account/second-factor", "the administrator first");
    assert_eq!(app.kit.now(), beginning());
}
