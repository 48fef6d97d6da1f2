//! Filters out of a form, and what they would have quieted.

use super::flow::{EVENT, RULE, in_force, shown};
use crate::sources::tests::Centre;

/// A centre with a rule of its own that fired on these users.
async fn fired(users: &[&str]) -> (Centre, khien_web::testing::Browser, khien_web::testing::Browser, String, String) {
    let centre = Centre::new().await;
    let (mut author, mut second) = (centre.officer().await, centre.officer().await);
    let page = in_force(&mut author, &mut second, RULE).await;
    let rule = shown(&mut author, &page).await["version"]["rule"].as_str().unwrap().to_owned();
    let (_, token) = centre.add(&mut author, centre.hospital, "ndjson", "").await;
    for user in users {
        let body = EVENT.replace("kẻ in trộm", user);
        assert_eq!(centre.app.stranger().post_token("/api/ingest/ndjson", &token, body).await.status, 200);
    }
    (centre, author, second, rule, token)
}

#[tokio::test]
async fn a_filter_tells_what_it_would_have_quieted_and_does_so_once_it_is_approved() {
    let (centre, mut author, mut second, rule, token) = fired(&["sao lưu in trộm", "kẻ in trộm"]).await;
    let at = format!("/rules/rule/{rule}/filter");
    let alert = shown(&mut author, "/alerts?state=all").await["rows"][0]["id"].as_str().unwrap().to_owned();
    let form = shown(&mut author, &format!("{at}?alert={alert}")).await;
    let rows: Vec<&str> = form["rows"].as_array().unwrap().iter().map(|row| row["field"].as_str().unwrap()).collect();
    assert_eq!(rows, ["Computer", "SubjectUserName", ""], "{form}");
    let fields = [
        ("title", "Sao lưu đêm"),
        ("reason", "Máy sao lưu in nhãn đĩa mỗi đêm"),
        ("field", "SubjectUserName"),
        ("modifier", "startswith"),
        ("value", "sao lưu"),
    ];
    let seen = author.post(&format!("/api/v1{at}/preview"), &fields).await.json();
    let figures = ["events", "quiet_events", "alerts", "quiet_alerts"].map(|name| seen[name].as_u64().unwrap());
    assert_eq!(figures, [2, 1, 1, 0], "{seen}");
    let saved = author.post(&at, &fields).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    let page = saved.location().to_owned();
    assert_eq!(shown(&mut author, &page).await["version"]["kind"], "filter");
    assert_eq!(author.post(&format!("{page}/submit"), &[]).await.status, 303);
    assert_eq!(author.post(&format!("{page}/approve"), &[]).await.status, 403);
    assert_eq!(second.post(&format!("{page}/approve"), &[]).await.status, 303);
    let shown_filters = shown(&mut author, &format!("/rules/rule/{rule}")).await["filters"].clone();
    assert_eq!(
        (shown_filters[0]["title"].as_str(), shown_filters[0]["state"].as_str()),
        (Some("Sao lưu đêm"), Some("approved"))
    );
    let hits = |list: serde_json::Value| list["rows"][0]["hits"].as_i64();
    let list = format!("/rules?source=own&kind=rule&q={rule}");
    assert_eq!(hits(shown(&mut author, &list).await), Some(2));
    for user in ["sao lưu lại in trộm", "người khác in trộm"] {
        centre.app.stranger().post_token("/api/ingest/ndjson", &token, EVENT.replace("kẻ in trộm", user)).await;
    }
    assert_eq!(hits(shown(&mut author, &list).await), Some(3), "one of the two was quieted");
    assert_eq!(shown(&mut author, "/rules?kind=filter").await["pager"]["total"].as_u64(), Some(1));
}

#[tokio::test]
async fn a_form_that_says_nothing_is_refused_where_it_is_wrong() {
    let (_centre, mut author, _, rule, _) = fired(&[]).await;
    let at = format!("/api/v1/rules/rule/{rule}/filter");
    let reason = ("reason", "vô hại");
    for (fields, code, field) in [
        (vec![("field", "a"), ("modifier", ""), ("value", "x")], "rules.reason-missing", "reason"),
        (vec![reason], "rules.filter-empty", "field"),
        (vec![reason, ("field", "a"), ("modifier", "re"), ("value", "(")], "detect.regex", "value"),
        (vec![reason, ("field", "a"), ("modifier", "x"), ("value", "y")], "rules.filter-modifier", "modifier"),
    ] {
        let fault = author.post(&at, &fields).await.json()["fault"].clone();
        assert_eq!((fault["code"].as_str(), fault["field"].as_str()), (Some(code), Some(field)), "{fault}");
    }
    assert_eq!(author.get("/rules/rule/none/filter").await.status, 404);
}

#[tokio::test]
async fn a_neighbour_s_alert_lends_no_values() {
    let (centre, mut author, _, rule, _) = fired(&["kẻ in trộm"]).await;
    let alert = shown(&mut author, "/alerts?state=all").await["rows"][0]["id"].as_str().unwrap().to_owned();
    let mut neighbour = centre.focal("09253").await;
    assert_eq!(neighbour.get(&format!("/rules/rule/{rule}/filter?alert={alert}")).await.status, 403);
    let seen = shown(&mut neighbour, &format!("/rules/rule/{rule}")).await;
    assert_eq!((seen["rule"]["month"].as_i64(), seen["may_write"].as_bool()), (Some(0), Some(false)));
}

#[tokio::test]
async fn a_rule_is_called_noisy_when_most_of_what_was_closed_was_wrong() {
    let (centre, mut author, _, rule, token) = fired(&[]).await;
    for n in 0..36 {
        let body = EVENT.replace("may01", &format!("may{n:02}"));
        assert_eq!(centre.app.stranger().post_token("/api/ingest/ndjson", &token, body).await.status, 200);
    }
    let noisy = "/rules?hits=noisy";
    assert_eq!(shown(&mut author, noisy).await["pager"]["total"].as_u64(), Some(0), "nobody has judged it yet");
    let alerts = shown(&mut author, "/alerts?size=50").await["rows"].clone();
    for alert in alerts.as_array().unwrap().iter().take(6) {
        let fields = [("alert", alert["id"].as_str().unwrap()), ("reason", "false_positive"), ("note", "in thử")];
        assert_eq!(author.post("/alerts/close", &fields).await.status, 303);
    }
    let list = shown(&mut author, noisy).await;
    assert_eq!(list["rows"][0]["id"], rule.as_str(), "{list}");
    let row = &list["noisy"][0];
    let figures = ["alerts", "closed", "wrong"].map(|name| row[name].as_i64().unwrap());
    assert_eq!(figures, [36, 6, 6]);
    let page = author.get("/rules").await.text();
    assert!(page.contains("1 luật gây nhiễu") && page.contains(&format!("{rule}/filter")), "{page}");
    assert!(author.get(&format!("/rules/rule/{rule}")).await.text().contains("Luật này gây nhiễu"));
    let neighbour = shown(&mut centre.focal("09253").await, noisy).await;
    assert_eq!(neighbour["pager"]["total"].as_u64(), Some(0), "figures are those of the reader's reach");
}
