//! Own parsers through the pages, as an officer writes them.

use khien_base::Role;
use khien_web::testing::{Answer, Browser};
use serde_json::Value;

use super::rules::GOOD;
use crate::sources::tests::Centre;

const LINE: &str = "<13>Oct  1 09:00:00 kho1 cuakho: QUET the=78 cua=B3 tu 203.0.113.9";

fn code(answer: &Answer) -> String {
    answer.json()["fault"]["code"].as_str().unwrap_or_default().to_owned()
}

async fn shown(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.get(&format!("/api/v1{path}")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// A line that a source sends, as it is stored.
async fn stored(centre: &Centre, line: &str) -> khien_base::Record {
    let record =
        khien_normalise::decode_line(line.as_bytes(), khien_normalise::Format::Auto, centre.app.kit.now(), 1).unwrap();
    let whose = khien_base::ports::Whose {
        source: khien_base::Id::from_u128(1),
        system: centre.hospital,
        unit: centre.app.unit("so-y-te").unwrap(),
    };
    centre.pipeline.take(whose, vec![record]).await.unwrap();
    centre.events.0.lock().unwrap().last().unwrap().record.clone()
}

#[tokio::test]
async fn a_parser_that_is_saved_reads_what_comes_from_then_on() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    assert_eq!(stored(&centre, LINE).await.hot.user, None);
    let saved = officer.post("/parsers", &[("yaml", GOOD), ("note", "Cửa kho mới lắp")]).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    let page = saved.location().to_owned();
    let record = stored(&centre, LINE).await;
    assert_eq!((record.hot.user.as_deref(), record.hot.src_ip.as_deref()), (Some("78"), Some("203.0.113.9")));
    assert_eq!(record.log.product.as_deref(), Some("cuakho"));
    assert_eq!(record.fields["_parser"], "cua-kho/quet-the");
    // Switched off it reads nothing more; switched on again it does.
    assert_eq!(officer.post(&format!("{page}/switch"), &[("to", "off")]).await.status, 303);
    assert_eq!(stored(&centre, LINE).await.hot.user, None);
    assert_eq!(officer.post(&format!("{page}/switch"), &[("to", "off")]).await.status, 409);
    assert_eq!(officer.post(&format!("{page}/switch"), &[("to", "on")]).await.status, 303);
    assert_eq!(stored(&centre, LINE).await.hot.user.as_deref(), Some("78"));
    let one = shown(&mut officer, &page).await;
    assert_eq!(
        (one["row"]["on"].as_bool(), one["versions"][0]["note"].as_str()),
        (Some(true), Some("Cửa kho mới lắp"))
    );
    let id = page.rsplit('/').next().unwrap().parse().unwrap();
    let history = khien_db::audit::history(centre.app.kit.db.read(), id, 10).await.unwrap();
    let mut actions: Vec<_> = history.iter().map(|entry| entry.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["parsers.add", "parsers.switch-off", "parsers.switch-on"]);
}

#[tokio::test]
async fn versions_stay_and_come_back() {
    let centre = Centre::new().await;
    let (mut officer, mut other) = (centre.officer().await, centre.officer().await);
    let page = officer.post("/parsers", &[("yaml", GOOD)]).await.location().to_owned();
    let id = page.rsplit('/').next().unwrap().to_owned();
    let newer = GOOD.replace("class: 3002", "class: 3001");
    let change = [("id", id.as_str()), ("number", "1"), ("yaml", newer.as_str())];
    assert_eq!(other.post("/parsers", &change).await.status, 303);
    // Who still looks at the first version does not write over the second.
    let late = officer.post("/api/v1/parsers", &change).await;
    assert_eq!((late.status, code(&late)), (409, "parsers.changed".into()));
    let same = officer.post("/api/v1/parsers", &[("id", &id), ("number", "2"), ("yaml", &newer)]).await;
    assert_eq!(code(&same), "parsers.unchanged");
    assert_eq!(stored(&centre, LINE).await.hot.class_uid, 3001);
    assert!(shown(&mut officer, &format!("{page}/versions/1")).await["yaml"].as_str().unwrap().contains("class: 3002"));
    assert_eq!(officer.get(&format!("{page}/versions/9")).await.status, 404);
    assert_eq!(officer.post(&format!("{page}/versions/1/restore"), &[]).await.status, 303);
    assert_eq!(stored(&centre, LINE).await.hot.class_uid, 3002);
    assert_eq!(shown(&mut officer, &page).await["versions"].as_array().unwrap().len(), 3);
    let twin = officer.post("/api/v1/parsers", &[("yaml", GOOD)]).await;
    assert_eq!((twin.status, code(&twin)), (409, "parsers.name-taken".into()));
}

#[tokio::test]
async fn what_is_wrong_is_told_while_one_types_and_nothing_wrong_is_kept() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let tried = officer.post("/api/v1/parsers/try", &[("yaml", GOOD), ("lines", LINE)]).await.json();
    assert_eq!((tried["read"].as_bool(), tried["wrong"].as_u64()), (Some(true), Some(0)), "{tried}");
    let line = &tried["lines"][0];
    assert_eq!((line["by"].as_str(), line["class"].as_u64()), (Some("cua-kho/quet-the"), Some(3002)));
    assert!(
        line["columns"].to_string().contains("203.0.113.9") && line["sample"].as_str().unwrap().contains("quet-the")
    );
    let broken = GOOD.replace("(?<the>", "(?<the");
    let told = officer.post("/parsers/try", &[("yaml", &broken)]).await.text();
    assert!(told.contains("Có lỗi ở dòng 6") && !told.contains("<html"), "{told}");
    let wrong = GOOD.replace("cua: B2", "cua: B9");
    let told = officer.post("/parsers/try", &[("yaml", &wrong), ("lines", "")]).await.text();
    assert!(told.contains("cần B9, được B2"), "{told}");
    for (yaml, wanted) in [
        (broken.as_str(), "parsers.yaml"),
        (wrong.as_str(), "parsers.sample-differs"),
        ("", "parsers.empty"),
        (&"x".repeat(70_000), "parsers.too-long"),
    ] {
        let answer = officer.post("/api/v1/parsers", &[("yaml", yaml)]).await;
        assert_eq!((answer.status, code(&answer)), (422, wanted.to_owned()));
    }
    let long = officer.post("/api/v1/parsers/try", &[("yaml", GOOD), ("lines", &"x".repeat(70_000))]).await.json();
    assert_eq!(long["code"], "parsers.pasted-too-long");
    assert_eq!(shown(&mut officer, "/parsers").await["rows"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn who_sees_one_unit_only_sees_no_parser_and_writes_none() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let page = officer.post("/parsers", &[("yaml", GOOD)]).await.location().to_owned();
    let mut units = centre.app.sign_in(Role::Officer, "so-y-te").await.unwrap().1;
    let mut focal = centre.focal("09253").await;
    for browser in [&mut units, &mut focal] {
        for path in [
            "/parsers",
            "/parsers/new",
            "/parsers/shipped/sshd.yaml",
            &page,
            &format!("{page}/edit"),
            &format!("{page}/versions/1"),
        ] {
            assert_eq!(browser.get(path).await.status, 403, "{path}");
        }
        for (path, form) in [
            ("/parsers", vec![("yaml", GOOD)]),
            ("/parsers/try", vec![("yaml", GOOD)]),
            (&format!("{page}/switch"), vec![("to", "off")]),
            (&format!("{page}/versions/1/restore"), vec![]),
        ] {
            assert_eq!(browser.post(path, &form).await.status, 403, "{path}");
        }
    }
    assert_eq!(shown(&mut officer, &page).await["row"]["on"], true);
}

#[tokio::test]
async fn shipped_files_are_shown_and_make_a_start() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let list = shown(&mut officer, "/parsers").await;
    let shipped = list["shipped"].as_array().unwrap();
    assert!(
        shipped.len() >= 18 && shipped.iter().all(|file| !file["parsers"].as_array().unwrap().is_empty()),
        "{list}"
    );
    assert!(officer.get("/parsers/shipped/cef.yaml").await.text().contains("kaspersky-cef"));
    assert_eq!(officer.get("/parsers/shipped/..%2Fx").await.status, 404);
    let like = shown(&mut officer, "/parsers/new?like=sshd.yaml").await["yaml"].as_str().unwrap().to_owned();
    assert!(like.contains("name: sshd"));
    let new = shown(&mut officer, "/parsers/new").await["yaml"].as_str().unwrap().to_owned();
    assert_eq!(super::rules::sound(&new, centre.app.kit.now()).unwrap(), "ten-bo-doc", "what one starts with is sound");
}
