//! Signing in and the first run, as a user would.

use khien_base::Role;

use crate::testing::TestApp;
use crate::{secret, setting};

#[tokio::test]
async fn a_page_asks_a_stranger_to_sign_in() {
    let app = TestApp::with(vec![]).await.unwrap();
    let mut browser = app.stranger();
    let answer = browser.get("/account").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.location(), "/sign-in?next=/account");
    assert_eq!(browser.get("/api/v1/account").await.status, 401);
    assert_eq!(browser.get("/setup").await.status, 404, "the centre is there already");
}

#[tokio::test]
async fn a_program_with_a_spent_token_is_told_to_get_another() {
    let app = TestApp::with(vec![]).await.unwrap();
    let answer = app.stranger().with_token("/api/v1/account", "spent").await;
    assert_eq!((answer.status, answer.json()["fault"]["code"].as_str()), (401, Some("web.token-unknown")));
    assert!(answer.text().contains("Tạo mã mới"), "{}", answer.text());
    let without = app.stranger().get("/api/v1/account").await.json();
    assert_eq!(without["fault"]["code"], "web.sign-in-first");
}

#[tokio::test]
async fn who_is_signed_in_sees_the_own_account_in_both_languages() {
    let app = TestApp::with(vec![]).await.unwrap();
    let (_, mut browser) = app.sign_in(Role::Officer, "tt-anm").await.unwrap();
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Cán bộ trung tâm"), "{}", page.text());
    assert!(page.headers["content-security-policy"].contains("script-src 'self'"));
    browser.get("/language?to=en&next=/account").await;
    assert!(browser.get("/account").await.text().contains("Centre officer"));
    let json = browser.get("/api/v1/account").await.json();
    assert_eq!(json["roles"][0]["role"], "officer");
}

#[tokio::test]
async fn a_change_needs_the_secret_of_the_session() {
    let app = TestApp::with(vec![]).await.unwrap();
    let (_, mut browser) = app.sign_in(Role::Officer, "tt-anm").await.unwrap();
    let refused = browser.post_without_secret("/account/tokens", &[("label", "x")]).await;
    assert_eq!(refused.status, 403);
    let made = browser.post("/account/tokens", &[("label", "Báo cáo")]).await;
    assert_eq!(made.status, 200, "{}", made.text());
}

#[tokio::test]
async fn five_wrong_passwords_close_the_account() {
    let app = TestApp::with(vec![]).await.unwrap();
    let hash = secret::hash("bảy con trâu gặm cỏ".into()).await.unwrap();
    let tx = app.kit.db.begin().await.unwrap();
    let person = crate::people::model::NewPerson {
        name: "Trần Thị Bình".into(),
        unit: app.unit("so-y-te").unwrap(),
        username: Some("binh".into()),
        password_hash: Some(hash),
        ..Default::default()
    };
    crate::people::store::insert(tx.conn(), app.kit.id(), person, app.kit.now()).await.unwrap();
    tx.commit_machine().await.unwrap();
    let mut browser = app.stranger();
    for _ in 0..5 {
        let answer = browser.post("/sign-in", &[("username", "binh"), ("password", "sai")]).await;
        assert!(answer.text().contains("không đúng"), "{}", answer.text());
    }
    let good = [("username", "Binh"), ("password", "bảy con trâu gặm cỏ"), ("next", "/account")];
    assert!(browser.post("/sign-in", &good).await.text().contains("tạm khóa"));
    app.clock.advance(chrono::TimeDelta::minutes(16));
    let answer = browser.post("/sign-in", &good).await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    assert_eq!(browser.get("/account").await.status, 200);
    browser.post("/sign-out", &[]).await;
    assert_eq!(browser.get("/account").await.status, 303);
}

#[tokio::test]
async fn a_session_ends_when_it_was_not_used() {
    let app = TestApp::with(vec![]).await.unwrap();
    let (_, mut browser) = app.sign_in(Role::Officer, "tt-anm").await.unwrap();
    app.clock.advance(chrono::TimeDelta::hours(3));
    assert_eq!(browser.get("/account").await.status, 200);
    app.clock.advance(chrono::TimeDelta::hours(5));
    assert_eq!(browser.get("/account").await.status, 303);
}

#[tokio::test]
async fn the_wizard_founds_a_centre_once() {
    let app = TestApp::with(vec![]).await.unwrap();
    let centre: setting::Centre =
        setting::get(app.kit.db.read(), setting::Centre::NAME).await.unwrap().expect("founded");
    assert_eq!(centre.name, "Trung tâm An ninh mạng tỉnh Bắc Ninh");
    let tree = crate::gate::of(&app.kit).unwrap().tree(app.kit.now()).await.unwrap();
    assert_eq!(tree.nodes().filter(|node| crate::units::model::COMMUNES.contains(&node.kind.as_str())).count(), 99);
    let again = crate::setup::found::NewCentre {
        code: "24".into(),
        administrator: "Ai đó".into(),
        username: "aido".into(),
        password_hash: String::new(),
        policy: setting::PasswordPolicy::default(),
    };
    let fault = crate::setup::found::found(&app.kit.db, &app.kit.ids, app.kit.now(), again).await.unwrap_err();
    assert_eq!(fault.code, "setup.done");
}

#[tokio::test]
async fn every_page_shows_its_samples_in_both_languages() {
    let app = TestApp::with(vec![]).await.unwrap();
    khien_web::testing::render_samples(&app.kit).unwrap();
}

#[tokio::test]
async fn every_card_names_what_is_there_and_every_change_asks_for_the_secret() {
    let app = TestApp::with(vec![]).await.unwrap();
    khien_web::testing::check_cards(&app.kit).await.unwrap();
}
