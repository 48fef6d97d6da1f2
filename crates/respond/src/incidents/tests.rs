//! Incidents as users meet them: opened by form and from alerts, run against their clocks, told of in reports.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use khien_base::ports::{Block, Document, Format, Printer, SystemCard, Systems};
use khien_base::{Id, Reach, Result, Role};
use khien_directory::testing::TestApp;
use khien_web::testing::Browser;

use super::model::{Act, Model, State, Written, clock};
use super::regime::clocks::{Standing, standing};
use super::{MODULE, jobs, overview, store, verbs};

mod alerts;

/// A register of systems that holds what it is given.
struct Register(Vec<SystemCard>);

impl Systems for Register {
    fn some(&self, ids: Vec<Id>) -> BoxFuture<'_, Result<Vec<SystemCard>>> {
        Box::pin(async move { Ok(self.0.iter().filter(|card| ids.contains(&card.id)).cloned().collect()) })
    }

    fn within(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<SystemCard>>> {
        Box::pin(async move { Ok(self.0.iter().filter(|card| reach.covers(card.unit)).cloned().collect()) })
    }
}

/// Writes documents down as JSON, so that a test reads what would be printed; the real printer is tested in `app`.
#[derive(Default)]
struct Scribe(Mutex<Vec<Document>>);

impl Printer for Scribe {
    fn print(&self, document: &Document, _: Format) -> Result<Vec<u8>> {
        self.0.lock().unwrap().push(document.clone());
        serde_json::to_vec(document).map_err(khien_base::Fault::internal)
    }
}

const SYSTEM: Id = Id::from_u128(77);

async fn app() -> (TestApp, Arc<Scribe>) {
    app_with(vec![MODULE], |_| {}).await
}

async fn app_with(
    modules: Vec<khien_web::Module>,
    more: impl FnOnce(&mut khien_web::Kit) + Send,
) -> (TestApp, Arc<Scribe>) {
    let scribe = Arc::new(Scribe::default());
    let printer = Arc::clone(&scribe);
    // The owner is known only once the centre is founded, so the register is made from the unit's seeded identity.
    let probe = TestApp::with(vec![]).await.unwrap();
    let owner = probe.unit("so-y-te").unwrap();
    let app = TestApp::plugged(modules, move |kit| {
        more(kit);
        let card = SystemCard {
            id: SYSTEM,
            name: "Hồ sơ sức khỏe điện tử".into(),
            unit: owner,
            operator: owner,
            level: Some(3),
            approval: Some("QĐ 12/QĐ-UBND".into()),
        };
        kit.systems = Some(Arc::new(Register(vec![card])));
        kit.printer = Some(printer);
    })
    .await
    .unwrap();
    assert_eq!(app.unit("so-y-te").unwrap(), owner, "seeded identities repeat");
    (app, scribe)
}

/// Typed in Vietnam's time, so long before the test's present (01/10/2026 09:00).
fn ago(app: &TestApp, hours: i64) -> String {
    super::rules::typed(app.kit.now() - TimeDelta::hours(hours))
}

async fn open(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    let mut all = vec![("title", "Mã độc tống tiền trên máy chủ hồ sơ"), ("category", "N1")];
    all.extend_from_slice(fields);
    let answer = browser.post("/incidents", &all).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().to_owned()
}

async fn record(browser: &mut Browser, path: &str) -> serde_json::Value {
    let answer = browser.get(&format!("/api/v1{path}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn standings(browser: &mut Browser, path: &str) -> Vec<(String, String)> {
    let json = record(browser, path).await;
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    json["clocks"].as_array().unwrap().iter().map(|c| (text(&c["rule"]), text(&c["standing"]))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[tokio::test]
async fn every_page_shows_its_samples_in_both_languages() {
    let (app, _) = app().await;
    assert!(khien_web::testing::render_samples(&app.kit).unwrap() > 40);
}

#[tokio::test]
async fn an_incident_gets_its_number_level_and_clocks() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (t0, system) = (ago(&app, 2), SYSTEM.to_string());
    // No level typed: a system of level 3 makes it M2 by the regime; no unit typed: the system's owner.
    let path = open(&mut officer, &[("detected_at", &t0), ("system", &system)]).await;
    let json = record(&mut officer, &path).await;
    assert_eq!((json["number"].as_str(), json["level"].as_str()), (Some("SC-2026-0001"), Some("M2")));
    assert_eq!(json["unit"], "Sở Y tế");
    let due: Vec<_> = json["clocks"].as_array().unwrap().iter().map(|c| c["due_at"].as_str().unwrap()).collect();
    assert_eq!(due, ["2026-10-02T00:00:00Z", "2026-10-04T00:00:00Z"], "24 h and 72 h from T0 at 07:00 in Vietnam");
    assert_eq!(json["clocks"][0]["left_seconds"], 22 * 3600);
    for tab in ["facts", "tasks", "alerts", "timeline", "reports", "history"] {
        let page = officer.get(&format!("{path}?tab={tab}")).await;
        assert_eq!(page.status, 200, "{tab}: {}", page.text());
        assert!(page.text().contains("data-clock=\"2026-10-02T00:00:00Z\""), "{tab} has no countdown");
    }
    let second = open(&mut officer, &[("detected_at", &t0), ("system", &system)]).await;
    assert_eq!(record(&mut officer, &second).await["number"], "SC-2026-0002");
    let list = officer.get("/api/v1/incidents?q=ma+doc&sort=due").await.json();
    assert_eq!(list["rows"].as_array().unwrap().len(), 2);
    assert_eq!(list["rows"][0]["clock"], "Thông báo ban đầu về sự cố nghiêm trọng");
}

#[tokio::test]
async fn before_the_decree_the_old_regime_holds() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let unit = app.unit("so-y-te").unwrap().to_string();
    let fields = [("detected_at", "2026-08-18T10:00"), ("unit", &unit), ("level", "M2")];
    let path = open(&mut officer, &fields).await;
    assert_eq!(
        standings(&mut officer, &path).await,
        pairs(&[("tt20-initial-5d", "overdue"), ("tt20-closing-5d", "waiting")])
    );
}

async fn edit(browser: &mut Browser, path: &str, changes: &[(&str, &str)]) -> khien_web::testing::Answer {
    let sheet = record(browser, &format!("{path}/edit")).await;
    let mut fields: Vec<(String, String)> = sheet["values"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(field, value)| (field.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    fields.push(("stamp".into(), sheet["stamp"].as_str().unwrap().to_owned()));
    fields.retain(|(field, _)| !changes.iter().any(|(changed, _)| changed == field));
    fields.extend(changes.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    browser.post(path, &fields).await
}

#[tokio::test]
async fn level_and_signs_add_and_drop_clocks_and_what_was_sent_stays() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (t0, unit) = (ago(&app, 1), app.unit("so-y-te").unwrap().to_string());
    let path = open(&mut officer, &[("detected_at", &t0), ("unit", &unit), ("level", "M3")]).await;
    assert_eq!(standings(&mut officer, &path).await, pairs(&[("nd331-report-72h", "running")]));

    assert_eq!(edit(&mut officer, &path, &[("level", "M2")]).await.status, 303);
    let both = pairs(&[("nd331-initial-24h", "running"), ("nd331-report-72h", "running")]);
    assert_eq!(standings(&mut officer, &path).await, both);

    let refused = edit(&mut officer, &path, &[("flags", "personal_data")]).await;
    assert_eq!(refused.status, 422, "the other 72 hours need their own start");
    let violation = ago(&app, 0);
    let answer = edit(&mut officer, &path, &[("flags", "personal_data"), ("violation_at", &violation)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let json = record(&mut officer, &path).await;
    assert_eq!(json["clocks"][2]["rule"], "l91-personal-data-72h");
    assert_eq!(json["clocks"][2]["due_at"], "2026-10-04T02:00:00Z");

    // The notice goes out; then the level is lowered: the report stays, the notice is on record.
    let clock = json["clocks"][0]["id"].as_str().unwrap().to_owned();
    let sent = [("sent_at", violation.as_str()), ("number", "05/TB-SYT"), ("channel", "Trục liên thông")];
    assert_eq!(officer.post(&format!("{path}/clocks/{clock}/sent"), &sent).await.status, 303);
    assert_eq!(officer.post(&format!("{path}/clocks/{clock}/sent"), &sent).await.status, 409);
    assert_eq!(edit(&mut officer, &path, &[("level", "M3")]).await.status, 303);
    assert_eq!(
        standings(&mut officer, &path).await,
        pairs(&[("nd331-initial-24h", "met"), ("nd331-report-72h", "running"), ("l91-personal-data-72h", "dropped")])
    );
    // A correction of T0 moves what is not met; saving over somebody else's change is refused.
    let earlier = ago(&app, 3);
    assert_eq!(edit(&mut officer, &path, &[("detected_at", &earlier)]).await.status, 303);
    assert_eq!(record(&mut officer, &path).await["clocks"][1]["due_at"], "2026-10-03T23:00:00Z");
    assert_eq!(edit(&mut officer, &path, &[("stamp", "1")]).await.status, 409);
}

/// Runs the jobs whose time has come, as the program does.
async fn run_jobs(app: &TestApp) {
    loop {
        let due = khien_db::jobs::due(&app.kit.db, app.kit.now(), 100).await.unwrap();
        if due.is_empty() {
            return;
        }
        for job in due {
            assert_eq!(job.kind, verbs::REMIND);
            jobs::remind(&app.kit, &job.payload).await.unwrap();
            // Once more, as after a crash: nothing is said twice.
            jobs::remind(&app.kit, &job.payload).await.unwrap();
            khien_db::jobs::finish(&app.kit.db, &job, Ok(()), app.kit.now()).await.unwrap();
        }
    }
}

async fn said(app: &TestApp, path: &str, kind: &str) -> usize {
    let id: Id = path.rsplit('/').next().unwrap().parse().unwrap();
    let entries = store::entries(app.kit.db.read(), id, 1000).await.unwrap();
    entries.iter().filter(|entry| entry.kind == kind).count()
}

#[tokio::test]
async fn reminders_come_at_their_points_and_a_late_notice_says_why() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (t0, unit) = (ago(&app, 0), app.unit("so-y-te").unwrap().to_string());
    let path = open(&mut officer, &[("detected_at", &t0), ("unit", &unit), ("level", "M2")]).await;
    let mut news = app.kit.bus.listen();
    run_jobs(&app).await;
    assert_eq!(said(&app, &path, "reminder").await, 0);
    // 12 hours are left of the 24.
    app.clock.advance(TimeDelta::hours(12));
    run_jobs(&app).await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    assert_eq!(said(&app, &path, "reminder").await, 1);
    assert_eq!(news.try_recv().unwrap().topic, "incidents");
    let page = officer.get(&path).await;
    assert!(page.text().contains("Sắp đến hạn"), "{}", page.text());
    let reach = Reach::All;
    let nearest = overview::nearest(&app.kit, &reach, app.kit.now()).await.unwrap().unwrap();
    assert_eq!((nearest.href.as_str(), nearest.at.to_rfc3339().as_str()), (path.as_str(), "2026-10-02T02:00:00+00:00"));
    // The time is over: 4 h and 1 h reminders, then the overdue line.
    app.clock.advance(TimeDelta::minutes(12 * 60 + 2));
    run_jobs(&app).await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    assert_eq!((said(&app, &path, "reminder").await, said(&app, &path, "overdue").await), (3, 1));
    assert!(officer.get(&path).await.text().contains("Quá hạn: Thông báo ban đầu"));
    let counts = overview::counts(&app.kit, &reach, app.kit.now()).await.unwrap();
    assert_eq!((counts.open, counts.serious, counts.overdue), (1, 1, 1));
    let open = overview::open_with_clocks(&app.kit, &reach, app.kit.now(), 5).await.unwrap();
    assert_eq!(open[0].clock.as_ref().unwrap().left_seconds, -120);
    let late = officer.get("/api/v1/incidents?overdue=1").await.json();
    assert_eq!(late["rows"][0]["overdue"], true);
    let next = overview::nearest(&app.kit, &reach, app.kit.now()).await.unwrap().unwrap();
    assert!(next.text.contains("Báo cáo nguyên nhân"), "the next that runs, not the one that is over: {}", next.text);

    let clock = record(&mut officer, &path).await["clocks"][0]["id"].as_str().unwrap().to_owned();
    let now = ago(&app, 0);
    let answer = officer.post(&format!("{path}/clocks/{clock}/sent"), &[("sent_at", &now)]).await;
    assert_eq!(answer.status, 422, "late without a reason");
    let fields = [("sent_at", now.as_str()), ("note", "Mất điện toàn khu vực")];
    assert_eq!(officer.post(&format!("{path}/clocks/{clock}/sent"), &fields).await.status, 303);
    let stands = standings(&mut officer, &path).await;
    assert_eq!(stands[0], ("nd331-initial-24h".into(), "met_late".into()));
    let (in_time, all) = store::kept_clocks(&app.kit.db, &reach, app.kit.now()).await.unwrap();
    assert_eq!((in_time, all), (0, 1));
    // Recorded by mistake: the clock is owed again.
    assert_eq!(officer.post(&format!("{path}/clocks/{clock}/unsent"), &[("note", "Ghi nhầm")]).await.status, 303);
    assert_eq!(standings(&mut officer, &path).await[0].1, "overdue");
}

#[tokio::test]
async fn an_incident_is_worked_through_and_closed() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (t0, unit) = (ago(&app, 1), app.unit("so-y-te").unwrap().to_string());
    let fields = [("detected_at", t0.as_str()), ("unit", &unit), ("level", "M3"), ("flags", "complex")];
    let path = open(&mut officer, &fields).await;
    let state = format!("{path}/state");
    assert_eq!(officer.post(&state, &[("to", "recovered")]).await.status, 409, "no leap over the steps");
    for to in ["confirmed", "contained", "eradicated", "recovered"] {
        assert_eq!(officer.post(&state, &[("to", to)]).await.status, 303, "{to}");
    }
    let task = [("title", "Khôi phục từ bản sao"), ("unit", unit.as_str()), ("due_at", "2026-10-02T09:00")];
    assert_eq!(officer.post(&format!("{path}/tasks"), &task).await.status, 303);
    let close = [("to", "closed"), ("note", "Đã khôi phục đủ")];
    assert!(officer.post(&state, &close).await.text().contains("incidents.close-cause"));
    assert_eq!(edit(&mut officer, &path, &[("cause", "Mật khẩu yếu"), ("flags", "complex")]).await.status, 303);
    assert!(officer.post(&state, &close).await.text().contains("incidents.close-tasks"));
    let id = record(&mut officer, &path).await["tasks"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(officer.post(&format!("{path}/tasks/{id}"), &[("state", "done"), ("note", "xong")]).await.status, 303);
    assert_eq!(officer.post(&state, &close).await.status, 303);
    // The report is still owed, and the closing report of a complex incident starts now.
    assert_eq!(
        standings(&mut officer, &path).await,
        pairs(&[("nd331-report-72h", "running"), ("nd331-complex-closing", "open")])
    );
    let timeline = officer.get(&format!("/api/v1{path}?tab=timeline")).await.json()["timeline"].to_string();
    assert!(timeline.contains("Đã khôi phục → Đã đóng") && timeline.contains("Đã khôi phục đủ"), "{timeline}");
    let history = officer.get(&format!("/api/v1{path}?tab=history")).await.json();
    assert!(history["history"].as_array().unwrap().len() >= 9);
}

#[tokio::test]
async fn what_was_no_incident_owes_nothing() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (t0, unit) = (ago(&app, 1), app.unit("so-y-te").unwrap().to_string());
    let path = open(&mut officer, &[("detected_at", &t0), ("unit", &unit), ("level", "M2")]).await;
    let close = [("to", "closed"), ("note", "Diễn tập đã báo trước")];
    assert_eq!(officer.post(&format!("{path}/state"), &close).await.status, 303);
    let dropped = pairs(&[("nd331-initial-24h", "dropped"), ("nd331-report-72h", "dropped")]);
    assert_eq!(standings(&mut officer, &path).await, dropped);
    assert_eq!(edit(&mut officer, &path, &[("level", "M1")]).await.status, 303);
    assert_eq!(standings(&mut officer, &path).await, dropped, "a correction does not wake them");
    let reopen = [("to", "confirmed"), ("note", "Là thật")];
    assert_eq!(officer.post(&format!("{path}/state"), &reopen).await.status, 303);
    let running = pairs(&[("nd331-initial-24h", "running"), ("nd331-report-72h", "running")]);
    assert_eq!(standings(&mut officer, &path).await, running);
}

#[tokio::test]
async fn a_neighbour_sees_nothing_and_a_unit_with_a_task_sees_that_task() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (_, mut own) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let (_, mut ward) = app.sign_in(Role::FocalPoint, "09253").await.unwrap();
    let (_, mut neighbour) = app.sign_in(Role::FocalPoint, "so-xay-dung").await.unwrap();
    let (_, mut leader) = app.sign_in(Role::Leader, "24").await.unwrap();
    let (t0, unit, other) =
        (ago(&app, 1), app.unit("so-y-te").unwrap().to_string(), app.unit("09253").unwrap().to_string());
    let fields = [("detected_at", t0.as_str()), ("unit", &unit), ("level", "M2"), ("cause", "tuyệt mật đường dây")];
    let path = open(&mut own, &fields).await;
    let task = |unit: &str| vec![("title".to_owned(), "Đổi mật khẩu".to_owned()), ("unit".to_owned(), unit.to_owned())];
    for (unit, expected) in [(&unit, 303), (&other, 422)] {
        let fields = task(unit);
        let fields: Vec<_> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(own.post(&format!("{path}/tasks"), &fields).await.status, expected, "own units only");
    }
    for browser in [&mut neighbour, &mut ward] {
        for at in [path.clone(), format!("{path}/edit"), format!("{path}/reports/BM-SC-02"), format!("/api/v1{path}")] {
            assert_eq!(browser.get(&at).await.status, 404, "{at}");
        }
        assert_eq!(browser.get("/api/v1/incidents").await.json()["rows"].as_array().unwrap().len(), 0);
        for (at, fields) in [
            (path.clone(), vec![("title", "x")]),
            (format!("{path}/state"), vec![("to", "confirmed")]),
            (format!("{path}/note"), vec![("note", "x")]),
            (format!("{path}/tasks"), vec![("title", "x"), ("unit", "y")]),
            (format!("{path}/reports/BM-SC-02"), vec![]),
            (format!("{path}/alerts"), vec![]),
        ] {
            assert_eq!(browser.post(&at, &fields).await.status, 404, "{at}");
        }
    }
    // The centre gives the ward a task: the ward sees that task, no clock, no cause, no other task.
    let given = task(&other);
    let given: Vec<_> = given.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(officer.post(&format!("{path}/tasks"), &given).await.status, 303);
    let json = record(&mut ward, &path).await;
    assert_eq!((json["whole"].as_bool(), json["tasks"].as_array().unwrap().len()), (Some(false), 1));
    assert!(json["clocks"].as_array().unwrap().is_empty() && !json.to_string().contains("tuyệt mật"));
    let page = ward.get(&format!("{path}?tab=timeline")).await.text();
    assert!(page.contains("Đổi mật khẩu") && !page.contains("tuyệt mật"));
    let rows = ward.get("/api/v1/incidents").await.json();
    assert_eq!((rows["rows"].as_array().unwrap().len(), rows["rows"][0]["clock"].as_str()), (1, Some("")));
    let task = json["tasks"][0]["id"].as_str().unwrap();
    let done = [("state", "done"), ("note", "đã đổi")];
    assert_eq!(neighbour.post(&format!("{path}/tasks/{task}"), &done).await.status, 404);
    assert_eq!(ward.post(&format!("{path}/tasks/{task}"), &done).await.status, 303);
    assert_eq!(ward.post(&format!("{path}/tasks/{task}"), &[("state", "doing")]).await.status, 409);
    assert_eq!(ward.post(&format!("{path}/state"), &[("to", "confirmed")]).await.status, 404);
    let theirs = record(&mut own, &path).await["tasks"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ward.post(&format!("{path}/tasks/{theirs}"), &done).await.status, 404, "another unit's task");
    // The leader looks and changes nothing.
    assert_eq!(leader.get(&path).await.status, 200);
    assert_eq!(leader.post(&format!("{path}/state"), &[("to", "confirmed")]).await.status, 403);
    // Who is asked to lead the response sees all of it.
    assert_eq!(
        edit(&mut officer, &path, &[("assigned_unit", &app.unit("so-xay-dung").unwrap().to_string())]).await.status,
        303
    );
    assert_eq!(record(&mut neighbour, &path).await["whole"], true);
}

#[tokio::test]
async fn a_report_says_what_the_record_says_and_lists_what_is_missing() {
    let (app, scribe) = app().await;
    let (_, mut own) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let (t0, system) = (ago(&app, 2), SYSTEM.to_string());
    let fields = [
        ("detected_at", t0.as_str()),
        ("system", &system),
        ("description", "Tệp bị đổi đuôi"),
        ("measures", "Rút cáp mạng"),
        ("flags", "spreading"),
    ];
    let path = open(&mut own, &fields).await;
    let at = format!("{path}/reports/BM-SC-02");
    let view = record(&mut own, &at).await;
    let missing = view["missing"].as_array().unwrap();
    assert!(missing.iter().any(|label| label == "Điện thoại, thư điện tử (24/7)"), "{missing:?}");
    let page = own.get(&at).await;
    assert!(page.text().contains("chưa có nội dung") && page.text().contains("mẫu tạm"), "{}", page.text());
    let fields = [
        ("format", "docx"),
        ("number", "07/TB-SYT"),
        ("date", "2026-10-01"),
        ("post", "PHÓ GIÁM ĐỐC"),
        ("signer", "Trần Thị Bình"),
        ("field", "contact.phone_email"),
        ("value", "0912 345 678"),
    ];
    let file = own.post(&at, &fields).await;
    assert_eq!(file.status, 200, "{}", file.text());
    assert!(file.headers["content-disposition"].contains("SC-2026-0001-BM-SC-02.docx"));
    let document = scribe.0.lock().unwrap().last().cloned().unwrap();
    assert_eq!((document.kind.as_str(), document.issuer.as_str()), ("THÔNG BÁO", "SỞ Y TẾ"));
    assert_eq!(document.subject, "Sự cố an ninh mạng đối với Hồ sơ sức khỏe điện tử (thông báo ban đầu)");
    assert_eq!(document.place, "Bắc Ninh");
    assert!(document.to[0].contains("Bộ Công an"));
    let says = |label: &str| {
        document.body.iter().find_map(|block| match block {
            Block::Field { label: found, value } if found == label => Some(value.as_str()),
            _ => None,
        })
    };
    assert_eq!(says("Thời điểm phát hiện (T0)"), Some("07:00 01/10/2026"));
    assert_eq!(says("Mức độ đánh giá ban đầu"), Some("M2 – Nghiêm trọng"));
    assert_eq!(says("Cấp độ an ninh mạng"), Some("Cấp độ 3"));
    assert_eq!(says("Biện pháp đã thực hiện"), Some("Rút cáp mạng"));
    assert_eq!(says("Điện thoại, thư điện tử (24/7)"), Some("0912 345 678"));
    assert_eq!(says("Thời hạn gửi báo cáo 72 giờ"), Some("07:00 04/10/2026"));
    assert_eq!(says("Thời điểm xảy ra (nếu xác định được)"), Some(""), "an empty field prints a dotted line");
    // What was typed is there the next time, and the file is in the timeline.
    let again = record(&mut own, &at).await;
    assert!(!again["missing"].as_array().unwrap().iter().any(|label| label == "Điện thoại, thư điện tử (24/7)"));
    assert_eq!(again["signer"], "Trần Thị Bình");
    let timeline = own.get(&format!("/api/v1{path}?tab=timeline")).await.json()["timeline"].to_string();
    assert!(timeline.contains("SC-2026-0001-BM-SC-02.docx"), "{timeline}");
    // The report of 72 hours is another document with its own fields.
    let report = format!("{path}/reports/BM-SC-03");
    assert_eq!(own.post(&report, &[("kind", "closing"), ("format", "pdf")]).await.status, 200);
    let document = scribe.0.lock().unwrap().last().cloned().unwrap();
    assert!(document.subject.ends_with("(báo cáo kết thúc)"), "{}", document.subject);
    let foreign = [("field", "incident.description"), ("value", "x")];
    assert_eq!(own.post(&at, &foreign).await.status, 422, "the record is not typed over in a report");
    assert_eq!(own.get(&format!("{path}/reports/BM-99")).await.status, 404);
}

#[tokio::test]
async fn demonstration_data_comes_through_the_same_rules() {
    let (app, _) = app().await;
    let (kit, unit) = (&app.kit, app.unit("so-y-te").unwrap());
    let t0: DateTime<Utc> = kit.now() - TimeDelta::hours(30);
    let act = Act::of(&kit.ids, t0 + TimeDelta::minutes(5), Id::nil(), "Trần Thị Bình");
    let written = Written {
        title: "Trang thông tin bị chèn nội dung cờ bạc".into(),
        category: "N5".into(),
        level: "M2".into(),
        detected_at: t0,
        ..Written::default()
    };
    let tx = kit.db.begin().await.unwrap();
    let mut incident = verbs::open(tx.conn(), &act, unit, written.clone()).await.unwrap();
    let clocks = store::clocks(tx.conn(), incident.id).await.unwrap();
    let sent = super::model::Sent { at: t0 + TimeDelta::hours(20), number: "05/TB-SYT".into(), ..Default::default() };
    let later = Act { now: t0 + TimeDelta::hours(20), ..act.clone() };
    verbs::send(tx.conn(), &later, &mut incident, clocks[0].id, sent).await.unwrap();
    let incident = verbs::step(tx.conn(), &later, incident, State::Confirmed, "").await.unwrap();
    let bad = Written { level: "M7".into(), ..written };
    assert_eq!(verbs::open(tx.conn(), &act, unit, bad).await.unwrap_err().code, "incidents.no-such-level");
    tx.commit_machine().await.unwrap();
    let stored: Model = store::get(kit.db.read(), incident.id).await.unwrap();
    assert_eq!((stored.stage(), stored.next_due), (State::Confirmed, Some(t0 + TimeDelta::hours(72))));
    let row: clock::Model = store::clock(kit.db.read(), incident.id, clocks[0].id).await.unwrap();
    assert_eq!(standing(row.started_at, row.due_at, row.sent_at, false, kit.now()), Standing::Met);
    assert_eq!(row.rule().unwrap().id, "nd331-initial-24h", "the rule is kept with the clock");
}
