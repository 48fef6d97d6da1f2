//! From the document to the board, as users would.

use chrono::TimeDelta;
use khien_base::{Id, Role};
use khien_directory::testing::TestApp;
use khien_web::testing::Browser;
use serde_json::Value;

use super::{MODULE, jobs};

mod imports;

/// A short plan, invented; the centre's clock stands at 1 October 2026.
const PLAN: &str = "ỦY BAN NHÂN DÂN TỈNH BẮC NINH
Số: 12/KH-UBND
Bắc Ninh, ngày 20 tháng 9 năm 2026
KẾ HOẠCH
Bảo đảm an ninh mạng trên địa bàn tỉnh
I. MỤC TIÊU
1. Mục tiêu đến năm 2027
a) 95% nhiệm vụ được giao hoàn thành đúng hạn.
b) Tổ chức ít nhất 02 cuộc diễn tập mỗi năm.
II. NHIỆM VỤ
1. Rà soát hệ thống thông tin
- Cơ quan chủ trì: Công an tỉnh.
- Cơ quan phối hợp: Sở Y tế; UBND các xã, phường.
- Thời gian: Hoàn thành trước ngày 16/10/2026.
2. Tổ chức tuyên truyền cho người dân
- Cơ quan chủ trì: Sở Y tế.
- Cơ quan phối hợp: Câu lạc bộ Cờ tướng.
- Thời gian: Hằng quý.
3. Kiểm tra việc cài đặt phần mềm
- Cơ quan chủ trì: UBND các xã, phường.
- Thời gian: Thường xuyên.
III. TỔ CHỨC THỰC HIỆN
1. Các sở, ban, ngành báo cáo kết quả thực hiện về Ủy ban nhân dân tỉnh (qua Công an tỉnh) định kỳ 6 tháng trước ngày 10/6, hằng năm trước ngày 30/11.
";

/// "Các sở, ban, ngành": departments, police and military of the province's template.
const DEPARTMENTS: usize = 16;

struct Story {
    app: TestApp,
    author: Browser,
    second: Browser,
    health: Browser,
}

async fn story() -> Story {
    let app = TestApp::with(vec![MODULE]).await.unwrap();
    let (_, author) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (_, second) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (_, health) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    Story { app, author, second, health }
}

impl Story {
    /// Time goes by; sessions end meanwhile, so everybody signs in again.
    async fn later(&mut self, days: i64) {
        self.app.clock.advance(TimeDelta::days(days));
        self.author = self.app.sign_in(Role::Officer, "24").await.unwrap().1;
        self.health = self.app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap().1;
    }

    /// Uploads the plan and returns its address.
    async fn upload(&mut self) -> String {
        let unit = self.app.unit("24").unwrap().to_string();
        let answer =
            self.author.upload("/plans", "ke-hoach.txt", PLAN.as_bytes(), &[("unit", &unit), ("parent", "")]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.location().trim_end_matches("/review").to_owned()
    }

    /// Uploads, submits and approves.
    async fn live(&mut self) -> String {
        let plan = self.upload().await;
        let answer = self.author.post(&format!("{plan}/submit"), &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let answer = self.second.post(&format!("{plan}/approve"), &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        plan
    }

    async fn review(&mut self, plan: &str) -> Value {
        self.author.get(&format!("/api/v1{plan}/review")).await.json()
    }
}

async fn json(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.get(&format!("/api/v1{path}")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn find<'a>(list: &'a Value, field: &str, what: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|item| text(&item[field]).contains(what));
    found.unwrap_or_else(|| panic!("no {field} with {what} in {list:#}"))
}

#[tokio::test]
async fn every_page_shows_its_samples_in_both_languages() {
    let app = TestApp::with(vec![MODULE]).await.unwrap();
    khien_web::testing::render_samples(&app.kit).unwrap();
}

#[tokio::test]
async fn a_document_is_read_beside_its_sentences_and_kept_as_it_came() {
    let mut story = story().await;
    let plan = story.upload().await;
    let review = story.review(&plan).await;
    assert_eq!(review["tasks"].as_array().unwrap().len(), 4, "{:#}", review["tasks"]);
    let task = find(&review["tasks"], "text", "Rà soát hệ thống");
    assert_eq!((text(&task["lead"]), text(&task["due"]["to"])), ("Công an tỉnh", "2026-10-15"));
    let block = usize::try_from(task["block"].as_i64().unwrap()).unwrap();
    assert!(text(&review["blocks"][block]["cells"][0]).contains("Rà soát hệ thống"));
    let target = find(&review["targets"], "measure", "nhiệm vụ");
    assert_eq!((target["low"].as_f64(), text(&target["binding"])), (Some(95.0), "plans.tasks-in-time"));
    assert_eq!(review["unmapped"], 1, "{:#}", review["agencies"]);
    assert_eq!(text(&find(&review["agencies"], "name", "Cờ tướng")["means"]), "unknown");
    let communes = find(&review["agencies"], "name", "UBND các xã");
    assert_eq!((text(&communes["group"]), communes["count"].as_u64()), ("communes", Some(99)));
    let duty = find(&review["duties"], "every", "half_year");
    assert_eq!((text(&duty["days"]), text(&duty["via"])), ("10/6", "Công an tỉnh"), "{:#}", review["duties"]);
    assert_eq!(review["duties"].as_array().unwrap().len(), 2, "{:#}", review["duties"]);
    let page = story.author.get(&format!("{plan}/review")).await;
    assert!(page.status == 200 && page.text().contains("href=\"#b-"), "{}", page.text());
    let file = story.author.get(&format!("{plan}/file")).await;
    assert_eq!(file.bytes, PLAN.as_bytes());
    assert!(story.author.get(&plan).await.text().contains("SHA-256"));
}

#[tokio::test]
async fn cells_are_corrected_and_two_reviewers_notice_each_other() {
    let mut story = story().await;
    let plan = story.upload().await;
    let review = story.review(&plan).await;
    let task = find(&review["tasks"], "text", "Rà soát hệ thống").clone();
    let id = text(&task["id"]).to_owned();
    let edit = [
        ("id", id.as_str()),
        ("version", "1"),
        ("text", "Rà soát toàn bộ hệ thống"),
        ("due_kind", "by"),
        ("due_to", "31/12/2026"),
        ("lead", "Công an tỉnh\nSở Tài chính"),
    ];
    let answer = story.author.post(&format!("{plan}/tasks"), &edit).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(answer.location().ends_with(&format!("#i-{id}")));
    let answer = story.second.post(&format!("{plan}/tasks"), &edit).await;
    assert_eq!((answer.status, answer.text().contains("người khác sửa")), (409, true), "{}", answer.text());
    let review = story.review(&plan).await;
    let task = find(&review["tasks"], "text", "toàn bộ");
    assert_eq!((text(&task["lead"]), text(&task["due"]["to"])), ("Công an tỉnh\nSở Tài chính", "2026-12-31"));
    assert!(text(&task["sentence"]).contains("Rà soát hệ thống"), "the sentence stays as it was written");
    let wrong =
        story.author.post(&format!("{plan}/tasks"), &[("text", "x"), ("due_kind", "by"), ("due_to", "mai")]).await;
    assert_eq!(wrong.status, 422);
    let target = [
        ("measure", "số cuộc"),
        ("comparator", "at_least"),
        ("low", "2"),
        ("unit", "cuộc"),
        ("binding", "plans.tasks-in-time"),
    ];
    let wrong = story.author.post(&format!("{plan}/targets"), &target).await;
    assert!(wrong.status == 422 && wrong.text().contains("plans.binding-unit"), "{}", wrong.text());
    let answer = story.author.post(&format!("{plan}/targets"), &target[..4]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let before = story.review(&plan).await["tasks"].as_array().unwrap().len();
    story.author.post(&format!("{plan}/remove"), &[("kind", "task"), ("id", &id)]).await;
    assert_eq!(story.review(&plan).await["tasks"].as_array().unwrap().len(), before - 1);
    let shown = json(&mut story.author, &plan).await;
    let actions: Vec<&str> = shown["history"].as_array().unwrap().iter().map(|past| text(&past["action"])).collect();
    assert_eq!(actions, ["plans.remove-item", "plans.add-target", "plans.edit-task", "plans.take-in"]);
}

/// A form of the review saves itself through the JSON twin of its route, and goes on with what it is told.
#[tokio::test]
async fn cells_save_themselves_one_change_after_the_other() {
    let mut story = story().await;
    let plan = story.upload().await;
    let review = story.review(&plan).await;
    let task = find(&review["tasks"], "text", "Rà soát hệ thống").clone();
    let (id, heading) = (text(&task["id"]).to_owned(), text(&review["seen"]).to_owned());
    let (path, top) = (format!("/api/v1{plan}/tasks"), format!("/api/v1{plan}/heading"));
    let form = |version: &'static str, words: &'static str| {
        [("id", id.clone()), ("version", version.to_owned()), ("text", words.to_owned()), ("lead", "Sở Y".to_owned())]
    };
    let pairs = |form: &[(&'static str, String)]| form.iter().map(|(k, v)| (*k, v.clone())).collect::<Vec<_>>();
    for (version, words, next) in [("1", "Rà soát lần một", 2), ("2", "Rà soát lần hai", 3)] {
        let form = pairs(&form(version, words));
        let fields: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let answer = story.author.post(&path, &fields).await;
        assert_eq!((answer.status, answer.json()["version"].as_i64()), (200, Some(next)), "{}", answer.text());
    }
    let stale = pairs(&form("2", "Rà soát lần ba"));
    let fields: Vec<(&str, &str)> = stale.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let refused = story.second.post(&path, &fields).await;
    assert_eq!((refused.status, text(&refused.json()["fault"]["code"])), (409, "plans.changed-meanwhile"));
    let neighbour = story.app.sign_in(Role::FocalPoint, "09253").await.unwrap().1.post(&path, &fields).await;
    assert!(neighbour.status == 403 || neighbour.status == 404, "{}", neighbour.status);
    // Items saved meanwhile are no other heading; another heading is.
    let titled = |title: &'static str| [("title", title), ("number", "12/KH-UBND"), ("seen", heading.as_str())];
    let answer = story.author.post(&top, &titled("Bảo đảm an ninh mạng")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["seen"], story.review(&plan).await["seen"]);
    assert_eq!(story.second.post(&top, &titled("Tên khác")).await.status, 409);
    // A name that was typed by halves and left again is nobody who has to be known.
    let done = pairs(&form("3", "Rà soát lần ba"));
    let mut fields: Vec<(&str, &str)> = done.iter().map(|(k, v)| (*k, v.as_str())).collect();
    fields[3].1 = "Sở Y tế";
    assert_eq!(story.author.post(&path, &fields).await.status, 200);
    assert_eq!(story.review(&plan).await["unmapped"], 1);
    assert_eq!(json(&mut story.author, &plan).await["unmapped"], 1);
}

#[tokio::test]
async fn an_unknown_agency_is_given_its_units_by_the_officer() {
    let mut story = story().await;
    let plan = story.upload().await;
    let agency = find(&story.review(&plan).await["agencies"], "name", "Cờ tướng").clone();
    let id = text(&agency["id"]).to_owned();
    let path = format!("{plan}/agencies");
    let wrong = [("id", id.as_str()), ("version", "1"), ("means", "units"), ("units", "Sở Ma")];
    assert!(story.author.post(&path, &wrong).await.text().contains("Sở Ma"));
    let good = [("id", id.as_str()), ("version", "1"), ("means", "units"), ("units", "Sở Nội vụ; Sở Tài chính")];
    assert_eq!(story.author.post(&path, &good).await.status, 303);
    let review = story.review(&plan).await;
    assert_eq!(
        (review["unmapped"].as_u64(), find(&review["agencies"], "name", "Cờ tướng")["count"].as_u64()),
        (Some(0), Some(2))
    );
    assert_eq!(story.author.post(&format!("{plan}/agencies/confirm"), &[]).await.status, 303);
    assert_eq!(story.review(&plan).await["unconfirmed"], 0);
}

#[tokio::test]
async fn a_second_person_approves_and_then_tasks_are_owed() {
    let mut story = story().await;
    let plan = story.upload().await;
    assert!(json(&mut story.health, "/tasks").await["rows"].as_array().unwrap().is_empty());
    story.author.post(&format!("{plan}/submit"), &[]).await;
    let own = story.author.post(&format!("{plan}/approve"), &[]).await;
    assert!(own.status == 403 && own.text().contains("plans.second-person"), "{}", own.text());
    let edit = story.author.post(&format!("{plan}/tasks"), &[("text", "x")]).await;
    assert_eq!(edit.status, 409, "what was submitted is not edited");
    assert_eq!(story.second.post(&format!("{plan}/approve"), &[]).await.status, 303);
    assert_eq!(story.second.post(&format!("{plan}/approve"), &[]).await.status, 409, "once is enough");
    let board = json(&mut story.author, "/tasks?role=any&size=200").await;
    // Công an leads 1 with Sở Y tế and 99 communes; Sở Y tế leads 2; 99 communes lead 3; all departments report.
    assert_eq!(board["pager"]["total"], 1 + 1 + 99 + 1 + 99 + DEPARTMENTS, "{:#}", board["buckets"]);
    let agencies = json(&mut story.author, "/tasks?by=agency").await;
    assert_eq!(agencies["agencies"].as_array().unwrap().len(), 99 + DEPARTMENTS);
    let mine = json(&mut story.health, "/tasks?q=tuyen%20truyen").await;
    assert_eq!(mine["rows"].as_array().unwrap().len(), 1);
    assert_eq!((text(&mine["rows"][0]["period"]), text(&mine["rows"][0]["due_on"])), ("2026-Q4", "2026-12-31"));
    assert_eq!(json(&mut story.health, "/tasks?role=coordinate").await["rows"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_board_counts_as_the_rule_does() {
    let mut story = story().await;
    story.live().await;
    for days in [0, 15, 60, 200] {
        story.later(days).await;
        jobs::open_periods(&story.app.kit, story.app.kit.now()).await.unwrap();
        let board = json(&mut story.author, "/tasks?role=any").await;
        for bucket in board["buckets"].as_array().unwrap() {
            let name = text(&bucket["bucket"]);
            let listed = json(&mut story.author, &format!("/tasks?role=any&bucket={name}")).await;
            assert_eq!(listed["pager"]["total"], bucket["n"], "{name} after {days} more days");
            for row in listed["rows"].as_array().unwrap() {
                assert_eq!(text(&row["bucket"]), name);
            }
        }
        if days == 15 {
            let late = find(&board["buckets"], "bucket", "late")["n"].as_i64();
            assert_eq!(late, Some(101), "on 16 October the task due by the 15th is late for all its units");
        }
    }
    // 275 days on, it is July 2027: four quarters have begun since October 2026.
    let quarters = json(&mut story.health, "/tasks?q=tuyen%20truyen").await;
    let periods: Vec<&str> = quarters["rows"].as_array().unwrap().iter().map(|row| text(&row["period"])).collect();
    assert_eq!(periods, ["2026-Q4", "2027-Q1", "2027-Q2", "2027-Q3"]);
}

#[tokio::test]
async fn the_unit_reports_the_lead_says_done_and_an_officer_accepts() {
    let mut story = story().await;
    story.live().await;
    let board = json(&mut story.health, "/tasks?q=tuyen%20truyen").await;
    let href = text(&board["rows"][0]["href"]).to_owned();
    let task = json(&mut story.health, &href).await;
    let mine = find(&task["doing"], "role", "lead").clone();
    let (id, report) = (text(&mine["id"]).to_owned(), format!("{href}/progress"));
    let says = |version: &'static str, state: &'static str, note: &'static str| {
        [
            ("assignment", id.clone()),
            ("version", version.into()),
            ("state", state.into()),
            ("percent", "40".into()),
            ("note", note.into()),
        ]
    };
    fn fields<'a>(form: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
        form.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
    let answer = story.health.post(&report, &fields(&says("1", "doing", "Đã tổ chức 3 buổi."))).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(story.health.post(&report, &fields(&says("1", "doing", "Lần nữa."))).await.status, 409);
    assert_eq!(story.health.post(&report, &fields(&says("2", "done", "Xong quý IV."))).await.status, 303);
    let board = json(&mut story.health, "/tasks?bucket=done").await;
    assert_eq!((board["rows"][0]["percent"].as_i64(), text(&board["rows"][0]["state"])), (Some(100), "done"));
    let judge = [("assignment", id.as_str()), ("version", "3"), ("note", "")];
    assert_eq!(story.health.post(&format!("{href}/accept"), &judge).await.status, 403, "a focal point accepts nothing");
    assert_eq!(story.author.post(&format!("{href}/return"), &judge).await.status, 422, "a reason is asked for");
    assert_eq!(story.author.post(&format!("{href}/accept"), &judge).await.status, 303);
    let task = json(&mut story.author, &href).await;
    let said: Vec<&str> = task["said"].as_array().unwrap().iter().map(|said| text(&said["state"])).collect();
    assert_eq!(said, ["accepted", "done", "doing"]);
    assert_eq!(task["history"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_neighbour_sees_the_task_but_not_the_reports() {
    let mut story = story().await;
    let plan = story.live().await;
    let (_, mut ward) = story.app.sign_in(Role::FocalPoint, "09253").await.unwrap();
    let board = json(&mut ward, "/tasks").await;
    let rows = board["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "own work only");
    let href = text(&rows[0]["href"]).to_owned();
    let task = json(&mut ward, &href).await;
    let mine = task["doing"].as_array().unwrap().iter().find(|doing| doing["may_report"] == true).unwrap().clone();
    assert_eq!(task["doing"].as_array().unwrap().iter().filter(|doing| doing["open"] == true).count(), 1);
    let form = [
        ("assignment", text(&mine["id"])),
        ("version", "1"),
        ("state", "doing"),
        ("percent", "10"),
        ("note", "Riêng của phường"),
    ];
    assert_eq!(ward.post(&format!("{href}/progress"), &form).await.status, 303);
    // Another commune leads the same task: it sees neither the words nor the state, and reports on nothing of others.
    let other = story
        .app
        .founded
        .units
        .keys()
        .find(|code| code.len() == 5 && *code != "09253" && code.chars().all(|c| c.is_ascii_digit()))
        .unwrap()
        .clone();
    let (_, mut neighbour) = story.app.sign_in(Role::FocalPoint, &other).await.unwrap();
    let seen = neighbour.get(&href).await.text();
    assert!(!seen.contains("Riêng của phường"));
    assert!(!neighbour.get(&format!("/api/v1{href}")).await.text().contains("Riêng của phường"));
    assert_eq!(neighbour.post(&format!("{href}/progress"), &form).await.status, 404);
    // The press has no part in any task: no plan, no task, no file.
    let (_, mut stranger) = story.app.sign_in(Role::FocalPoint, "bao-ptth").await.unwrap();
    assert!(json(&mut stranger, "/tasks").await["rows"].as_array().unwrap().is_empty());
    assert!(json(&mut stranger, "/plans").await["rows"].as_array().unwrap().is_empty());
    for path in [href.clone(), plan.clone(), format!("{plan}/file"), format!("{plan}/targets")] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
        assert_eq!(stranger.get(&format!("/api/v1{path}")).await.status, 404, "{path}");
    }
    assert_eq!(story.health.get(&format!("{plan}/review")).await.status, 403);
    assert_eq!(story.health.post(&format!("{plan}/archive"), &[("note", "x")]).await.status, 403);
    // Who helps sees how far the lead is.
    let review = find(&json(&mut ward, "/tasks?role=coordinate").await["rows"], "text", "Rà soát").clone();
    let task = json(&mut ward, text(&review["href"])).await;
    let open: Vec<&str> = task["doing"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|doing| doing["open"] == true)
        .map(|doing| text(&doing["unit"]))
        .collect();
    assert_eq!(open, ["Phường Nhân Hòa", "Công an tỉnh"]);
}

#[tokio::test]
async fn an_officer_of_a_commune_reaches_its_own_plans_only() {
    let mut story = story().await;
    let plan = story.upload().await;
    let (_, mut commune) = story.app.sign_in(Role::Officer, "09253").await.unwrap();
    assert_eq!(commune.get(&format!("{plan}/review")).await.status, 404);
    assert_eq!(commune.get(&plan).await.status, 404);
    assert_eq!(commune.post(&format!("{plan}/submit"), &[]).await.status, 404);
    let unit = story.app.unit("24").unwrap().to_string();
    assert_eq!(commune.upload("/plans", "x.txt", PLAN.as_bytes(), &[("unit", &unit)]).await.status, 404);
    let nobody = Id::from_u128(404).to_string();
    assert_eq!(story.author.upload("/plans", "x.txt", PLAN.as_bytes(), &[("unit", &nobody)]).await.status, 404);
    let own = story.app.unit("09253").unwrap().to_string();
    let answer = commune.upload("/plans", "x.txt", PLAN.as_bytes(), &[("unit", &own)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_reason() {
    let mut story = story().await;
    let unit = story.app.unit("24").unwrap().to_string();
    for (name, bytes, code) in [
        ("x.pdf", PLAN.as_bytes(), "planread.format"),
        ("x.docx", PLAN.as_bytes(), "planread.not-docx"),
        ("x.txt", b"K\xff ho\xff\x80ch".as_slice(), "planread.text-not-utf8"),
        ("x.txt", "Thư mời họp.".as_bytes(), "planread.no-plan"),
    ] {
        let answer = story.author.upload("/plans", name, bytes, &[("unit", &unit)]).await;
        assert!(answer.status == 422 && answer.text().contains(code), "{code}: {}", answer.text());
    }
    assert!(json(&mut story.author, "/plans").await["rows"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn reports_are_owed_by_the_day_before_and_marked_as_sent() {
    let mut story = story().await;
    story.live().await;
    let list = json(&mut story.health, "/obligations").await;
    let days: Vec<&str> = list["rows"].as_array().unwrap().iter().map(|row| text(&row["due_on"])).collect();
    assert_eq!(days, ["2026-11-29", "2027-06-09"]);
    let id = text(&list["rows"][0]["id"]).to_owned();
    story.later(61).await;
    let late = json(&mut story.health, "/obligations").await;
    assert_eq!((text(&late["state"]), late["rows"][0]["days_late"].as_i64()), ("late", Some(2)));
    let path = format!("/obligations/{id}/sent");
    assert_eq!(story.health.post(&path, &[("number", "7/BC-SYT"), ("on", "2027-05-01")]).await.status, 422);
    let (_, mut ward) = story.app.sign_in(Role::FocalPoint, "09253").await.unwrap();
    let good = [("number", "7/BC-SYT"), ("on", "01/12/2026")];
    assert_eq!(ward.post(&path, &good).await.status, 404);
    assert_eq!(story.health.post(&path, &good).await.status, 303);
    assert_eq!(story.health.post(&path, &good).await.status, 409);
    let sent = json(&mut story.health, "/obligations?state=sent").await;
    assert_eq!((text(&sent["rows"][0]["sent_number"]), sent["rows"][0]["days_late"].as_i64()), ("7/BC-SYT", Some(2)));
}

#[tokio::test]
async fn targets_show_live_figures_and_their_way() {
    let mut story = story().await;
    let plan = story.live().await;
    let row = |targets: &Value| find(&targets["rows"], "binding", "plans.tasks-in-time").clone();
    let none = row(&json(&mut story.author, &format!("{plan}/targets")).await);
    assert_eq!((text(&none["state"]), none["value"].as_f64()), ("no_figure", None), "nothing was due yet");
    story.later(20).await;
    jobs::record_figures(&story.app.kit, story.app.kit.now()).await.unwrap();
    jobs::record_figures(&story.app.kit, story.app.kit.now()).await.unwrap();
    story.later(1).await;
    jobs::record_figures(&story.app.kit, story.app.kit.now()).await.unwrap();
    let late = row(&json(&mut story.author, &format!("{plan}/targets")).await);
    assert_eq!(
        (late["value"].as_f64(), late["numerator"].as_u64(), late["denominator"].as_u64()),
        (Some(0.0), Some(0), Some(1))
    );
    assert_eq!(text(&late["state"]), "behind");
    let chart = &late["chart"];
    assert_eq!((text(&chart["kind"]), text(&chart["labels"][0])), ("trajectory", "21/10/2026"), "{late:#}");
    let way = chart["series"][1]["data"].as_array().unwrap();
    assert_eq!((way[0].as_f64(), way[way.len() - 1].as_f64()), (Some(0.0), Some(95.0)));
    let page = story.author.get(&format!("{plan}/targets")).await;
    assert!(page.status == 200 && page.text().contains("data-chart"), "{}", page.text());
    // Who only has work in the plan sees the own figures and no way of the whole.
    let own = json(&mut story.health, &format!("{plan}/targets")).await;
    assert_eq!((own["own"].as_bool(), row(&own)["chart"].is_null()), (Some(true), true));
}
