//! Rules of our own: written, handed in, approved by a second person, in force.

use khien_base::Role;
use khien_web::testing::Browser;
use serde_json::Value;

use crate::rules;
use crate::sources::tests::Centre;

pub(super) const RULE: &str = "title: Máy in lạ\nstatus: stable\nlevel: high\nlogsource:\n    product: windows\n    \
    service: security\ndetection:\n    sel:\n        SubjectUserName|contains: in trộm\n    condition: sel\n";

/// An event that it fires on.
pub(super) const EVENT: &str = "{\"EventID\": 4999, \"Channel\": \"Security\", \"Computer\": \"may01\", \
    \"UtcTime\": \"2026-10-01 01:59:00.000\", \"SubjectUserName\": \"kẻ in trộm\"}";

/// Saves a text; gives the version's page.
pub(super) async fn draft(browser: &mut Browser, yaml: &str) -> String {
    let saved = browser.post("/rules/versions", &[("yaml", yaml)]).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    saved.location().to_owned()
}

pub(super) async fn shown(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.get(&format!("/api/v1{path}")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// Writes a text and has a second person approve it; gives the version's page.
pub(super) async fn in_force(author: &mut Browser, second: &mut Browser, yaml: &str) -> String {
    let page = draft(author, yaml).await;
    assert_eq!(author.post(&format!("{page}/submit"), &[]).await.status, 303);
    let approved = second.post(&format!("{page}/approve"), &[("note", "Đúng")]).await;
    assert_eq!(approved.status, 303, "{}", approved.text());
    page
}

fn code(answer: &khien_web::testing::Answer) -> String {
    answer.json()["fault"]["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_rule_is_in_force_once_a_second_person_says_so_and_then_it_fires() {
    let centre = Centre::new().await;
    let (mut author, mut second) = (centre.officer().await, centre.officer().await);
    let page = draft(&mut author, RULE).await;
    let version = shown(&mut author, &page).await;
    let rule = version["version"]["rule"].as_str().unwrap().to_owned();
    assert!(version["yaml"].as_str().unwrap().contains(&format!("id: {rule}")));
    // Nothing is in force, nobody but its author hands it in, and nobody approves a draft.
    assert_eq!(shown(&mut author, "/rules?source=own").await["rows"].as_array().unwrap().len(), 0);
    let not_mine = second.post(&format!("/api/v1{page}/submit"), &[]).await;
    assert_eq!((not_mine.status, code(&not_mine)), (403, "rules.not-author".into()));
    assert_eq!(second.post(&format!("{page}/approve"), &[]).await.status, 409);
    assert_eq!(author.post(&format!("{page}/submit"), &[]).await.status, 303);
    let own = author.post(&format!("/api/v1{page}/approve"), &[]).await;
    assert_eq!((own.status, code(&own)), (403, "rules.second-person".into()));
    let mute = second.post(&format!("/api/v1{page}/reject"), &[("note", " ")]).await;
    assert_eq!((mute.status, code(&mute)), (422, "rules.note-missing".into()));
    assert!(second.get(&page).await.text().contains("Bạn là người thứ hai"));
    assert_eq!(second.post(&format!("{page}/approve"), &[("note", "Đúng")]).await.status, 303);
    let rows = shown(&mut author, "/rules?source=own").await["rows"].clone();
    assert_eq!((rows[0]["id"].as_str(), rows[0]["on"].as_bool()), (Some(rule.as_str()), Some(true)));
    // An event that comes now makes an alert of it.
    let (_, token) = centre.add(&mut author, centre.hospital, "ndjson", "").await;
    let answer = centre.app.stranger().post_token("/api/ingest/ndjson", &token, EVENT).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let alerts = shown(&mut author, "/alerts?state=all").await["rows"].clone();
    assert!(alerts.as_array().unwrap().iter().any(|alert| alert["rule"] == rule.as_str()), "{alerts}");
    let counted = shown(&mut author, "/rules?source=own").await["rows"][0].clone();
    assert_eq!((counted["hits"].as_i64(), counted["month"].as_i64()), (Some(1), Some(1)));
    let other = shown(&mut centre.focal("09253").await, "/rules?source=own").await["rows"][0].clone();
    assert_eq!((other["hits"].as_i64(), other["month"].as_i64()), (Some(0), Some(0)), "a neighbour counts nothing");
}

#[tokio::test]
async fn a_newer_version_takes_the_place_of_the_one_before_and_an_older_one_comes_back_as_a_draft() {
    let centre = Centre::new().await;
    let (mut author, mut second) = (centre.officer().await, centre.officer().await);
    let first = in_force(&mut author, &mut second, RULE).await;
    let text = shown(&mut author, &first).await["yaml"].as_str().unwrap().to_owned();
    let newer = in_force(&mut second, &mut author, &text.replace("level: high", "level: low")).await;
    assert_eq!(shown(&mut author, "/rules?source=own").await["rows"][0]["level"], "low");
    assert_eq!(shown(&mut author, &first).await["version"]["state"], "retired");
    let (a, b) = (first.rsplit('/').next().unwrap(), newer.rsplit('/').next().unwrap());
    let compared = shown(&mut author, &format!("/rules/compare?a={b}&b={a}")).await;
    assert_eq!((compared["before"]["number"].as_i64(), compared["after"]["number"].as_i64()), (Some(1), Some(2)));
    assert!(compared["lines"].to_string().contains("level: low"), "{compared}");
    let back = author.post(&format!("{first}/restore"), &[]).await.location().to_owned();
    let version = shown(&mut author, &back).await;
    assert_eq!((version["version"]["number"].as_i64(), version["version"]["state"].as_str()), (Some(3), Some("draft")));
    assert!(version["lines"].to_string().contains("level: high"));
    assert_eq!(shown(&mut author, "/rules?source=own").await["rows"][0]["level"], "low", "a draft is not in force");
    // Out of force altogether, with a reason.
    assert_eq!(second.post(&format!("{newer}/retire"), &[("note", "")]).await.status, 422);
    assert_eq!(second.post(&format!("{newer}/retire"), &[("note", "Máy in đã thay")]).await.status, 303);
    assert_eq!(shown(&mut author, "/rules?source=own").await["rows"].as_array().unwrap().len(), 0);
    let page = author.get(&format!("/rules/rule/{}", version["version"]["rule"].as_str().unwrap())).await;
    assert_eq!((page.status, page.location()), (303, back.as_str()), "its page leads to the newest version");
}

#[tokio::test]
async fn a_draft_is_changed_by_its_author_only_and_given_up() {
    let centre = Centre::new().await;
    let (mut author, mut second) = (centre.officer().await, centre.officer().await);
    let page = draft(&mut author, &format!("{RULE}    extra: 1\n")).await;
    let id = page.rsplit('/').next().unwrap().to_owned();
    assert_eq!(author.get(&format!("{page}/edit")).await.status, 200);
    assert_eq!(second.get(&format!("{page}/edit")).await.status, 403);
    let text = shown(&mut author, &page).await["yaml"].as_str().unwrap().to_owned();
    let better = text.replace("in trộm", "in lén");
    let theirs = second.post("/rules/versions", &[("version", &id), ("yaml", &better)]).await;
    assert_eq!(theirs.status, 403);
    assert_eq!(author.post("/rules/versions", &[("version", &id), ("yaml", &better)]).await.location(), page);
    assert!(shown(&mut author, &page).await["yaml"].as_str().unwrap().contains("in lén"));
    let moved = better.lines().map(|line| if line.starts_with("id:") { "id: another" } else { line });
    let moved = moved.collect::<Vec<_>>().join("\n");
    let answer = author.post("/api/v1/rules/versions", &[("version", &id), ("yaml", &moved)]).await;
    assert_eq!((answer.status, code(&answer)), (422, "rules.id-changed".into()));
    assert_eq!(second.post(&format!("{page}/discard"), &[]).await.status, 403);
    assert_eq!(author.post(&format!("{page}/discard"), &[]).await.status, 303);
    assert_eq!(author.get(&page).await.status, 404);
}

#[tokio::test]
async fn faults_are_told_while_one_writes_and_nothing_faulty_is_handed_in() {
    let centre = Centre::new().await;
    let mut author = centre.officer().await;
    let faulty = RULE.replace("condition: sel", "condition: gone");
    let told = author.post("/api/v1/rules/check", &[("yaml", &faulty)]).await.json();
    let fault = &told["faults"][0];
    assert_eq!(
        (fault["code"].as_str(), fault["line"].as_u64()),
        (Some("detect.condition-unknown"), Some(10)),
        "{told}"
    );
    assert!(fault["sentence"].as_str().unwrap().contains("không có trong"));
    let page = author.post("/rules/check", &[("yaml", &faulty)]).await.text();
    assert!(page.contains("dòng 10") && !page.contains("<html"), "{page}");
    let broken = author.post("/api/v1/rules/check", &[("yaml", "title: [")]).await.json();
    assert_eq!(broken["faults"][0]["code"], "detect.yaml");
    let fired = author.post("/api/v1/rules/check", &[("yaml", RULE), ("event", EVENT)]).await.json();
    assert_eq!((fired["fired"].as_bool(), fired["faults"].as_array().unwrap().len()), (Some(true), 0), "{fired}");
    let quiet = author.post("/api/v1/rules/check", &[("yaml", RULE), ("event", &EVENT.replace("trộm", "màu"))]).await;
    assert_eq!((quiet.json()["fired"].as_bool(), quiet.json()["meant"].as_bool()), (Some(false), Some(true)));
    // A draft may wait with its fault; the review never sees it.
    let page = draft(&mut author, &faulty).await;
    let answer = author.post(&format!("/api/v1{page}/submit"), &[]).await;
    assert_eq!((answer.status, code(&answer)), (422, "rules.faulty".into()));
    for (yaml, wanted) in
        [("", "rules.text-empty"), ("title: [", "rules.unreadable-text"), ("a: b", "rules.one-document")]
    {
        let answer = author.post("/api/v1/rules/versions", &[("yaml", yaml)]).await;
        assert_eq!((answer.status, code(&answer)), (422, wanted.into()), "{yaml}");
    }
}

#[tokio::test]
async fn rules_of_others_are_never_rewritten_under_their_own_name() {
    let centre = Centre::new().await;
    let mut author = centre.officer().await;
    let shipped = shown(&mut author, "/rules?source=khien&size=10").await["rows"][0]["id"].as_str().unwrap().to_owned();
    let answer = author.post("/api/v1/rules/versions", &[("yaml", &format!("id: {shipped}\n{RULE}"))]).await;
    assert_eq!((answer.status, code(&answer)), (422, "rules.id-taken".into()));
    let page = author.get(&format!("/rules/new?like={shipped}")).await;
    assert!(page.status == 200 && !page.text().contains(&format!("id: {shipped}")));
}

#[tokio::test]
async fn who_reaches_a_part_of_the_centre_reads_and_changes_nothing() {
    let centre = Centre::new().await;
    let mut point = centre.focal("so-y-te").await;
    let (_, mut partly) = centre.app.sign_in(Role::Officer, "so-y-te").await.unwrap();
    let (_, mut administrator) = centre.app.sign_in(Role::Administrator, "24").await.unwrap();
    for path in ["/rules", "/rules/coverage", "/rules/versions"] {
        assert_eq!(point.get(path).await.status, 200, "{path}");
    }
    let shipped = shown(&mut point, "/rules?size=10").await["rows"][0]["id"].as_str().unwrap().to_owned();
    assert!(!point.get(&format!("/rules/rule/{shipped}")).await.text().contains("action=\"/rules/switch\""));
    for browser in [&mut point, &mut partly] {
        for path in ["/rules/new", "/rules/import", &format!("/rules/rule/{shipped}/filter")] {
            assert_eq!(browser.get(path).await.status, 403, "{path}");
        }
        let off = [("rule", shipped.as_str()), ("to", "off"), ("reason", "x")];
        assert_eq!(browser.post("/rules/switch", &off).await.status, 403);
        assert_eq!(browser.post("/rules/versions", &[("yaml", RULE)]).await.status, 403);
    }
    // An administrator writes and imports, and approves nothing.
    let mut author = centre.officer().await;
    let page = draft(&mut author, RULE).await;
    author.post(&format!("{page}/submit"), &[]).await;
    assert_eq!(administrator.post(&format!("{page}/approve"), &[]).await.status, 403);
    assert_eq!(administrator.get("/rules/import").await.status, 200);
    assert_eq!(author.post_without_secret(&format!("{page}/withdraw"), &[]).await.status, 403);
}

#[tokio::test]
async fn rules_are_switched_off_with_a_reason_one_or_many() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let all = shown(&mut officer, "/rules?kind=rule&size=200").await;
    let (total, one) = (all["total"].as_u64().unwrap(), all["rows"][0]["id"].as_str().unwrap().to_owned());
    let mute = officer.post("/api/v1/rules/switch", &[("rule", &one), ("to", "off")]).await;
    assert_eq!((mute.status, code(&mute)), (422, "rules.reason-missing".into()));
    let off = [("rule", one.as_str()), ("to", "off"), ("reason", "Không dùng hệ này"), ("next", "/rules?state=off")];
    assert_eq!(officer.post("/rules/switch", &off).await.location(), "/rules?state=off");
    let list = shown(&mut officer, "/rules?state=off").await;
    assert_eq!((list["rows"][0]["id"].as_str(), list["total"].as_u64()), (Some(one.as_str()), Some(total - 1)));
    let page = officer.get(&format!("/rules/rule/{one}")).await.text();
    assert!(page.contains("Luật đang tắt") && page.contains("Không dùng hệ này"), "{page}");
    let loaded = rules::loaded::of(&centre.app.kit).unwrap().current();
    assert!(!loaded.is_on(&one) && loaded.rule(&one).is_some() && loaded.faults.is_empty(), "{:?}", loaded.faults);
    assert!(loaded.ruleset.rules().iter().all(|rule| rule.id != one));
    // All rules of a list at once, and back.
    let level = shown(&mut officer, "/rules?level=high&kind=rule").await["pager"]["total"].as_u64().unwrap();
    let many = [("which", "all"), ("query", "level=high&kind=rule"), ("to", "off"), ("reason", "Thử")];
    assert_eq!(officer.post("/rules/switch", &many).await.status, 303);
    let off = shown(&mut officer, "/rules?level=high&state=off").await["pager"]["total"].as_u64().unwrap();
    assert_eq!(off, level);
    let back = [("which", "all"), ("query", "state=off"), ("to", "on")];
    assert_eq!(officer.post("/rules/switch", &back).await.status, 303);
    assert_eq!(shown(&mut officer, "/rules").await["total"].as_u64(), Some(total));
    let audit = last(&centre).await;
    assert_eq!((audit.action.as_str(), audit.detail["count"].as_u64().unwrap() >= level), ("rules.enable", true));
}

pub(super) async fn last(centre: &Centre) -> khien_db::audit::Model {
    khien_db::audit::last(centre.app.kit.db.read()).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_another_program_decided_on_the_same_database_comes_in_force_by_itself() {
    let centre = Centre::new().await;
    let (mut author, mut second) = (centre.officer().await, centre.officer().await);
    in_force(&mut author, &mut second, RULE).await;
    let rules = rules::loaded::of(&centre.app.kit).unwrap();
    let follow = rules::jobs::JOBS.iter().find(|job| job.kind == "rules.follow").unwrap();
    let before = rules.current();
    (follow.run)(&centre.app.kit, &Value::Null).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &rules.current()), "nothing changed, nothing is read");
    // As after a crash between the change and its effect.
    rules.replace(rules::load(&[], centre.app.kit.now()));
    assert!(shown(&mut author, "/rules?source=own").await["rows"].as_array().unwrap().is_empty());
    (follow.run)(&centre.app.kit, &Value::Null).await.unwrap();
    assert_eq!(shown(&mut author, "/rules?source=own").await["rows"].as_array().unwrap().len(), 1);
}
