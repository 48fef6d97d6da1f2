//! Who a machine is, and what one sees while connecting it.

use chrono::TimeDelta;
use khien_base::Id;

use super::Centre;
use crate::sources::desk::{Certificate, Shown};

#[tokio::test]
async fn a_machine_behind_nat_is_known_by_its_certificate_or_token_and_by_nothing_weaker() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (by_address, _) = centre.add(&mut officer, centre.hospital, "syslog", "10.1.2.3").await;
    let (by_token, token) = centre.add(&mut officer, centre.commune, "syslog", "").await;
    assert!(!token.is_empty(), "nothing else tells whose it is");
    let system = centre.hospital.to_string();
    let form = |certificates: &'static str| {
        [
            ("name", "Máy trạm"),
            ("system", system.clone().leak() as &str),
            ("kind", "syslog"),
            ("certificates", certificates),
            ("quota", "500"),
            ("silent_minutes", "60"),
        ]
    };
    let made = officer.post("/api/v1/sources", &form("May01.bacninh.gov.vn")).await.json();
    let by_certificate: Id = made["row"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!((made["certificates"].as_str(), made["quota"].as_i64()), (Some("may01.bacninh.gov.vn"), Some(500)));
    let taken = officer.post("/api/v1/sources", &form("may01.bacninh.gov.vn")).await;
    assert_eq!(taken.json()["fault"]["code"], "sources.certificate-taken");

    let (now, address) = (centre.app.kit.now(), "10.1.2.3".parse().unwrap());
    let known = async |shown: Shown<'_>| centre.desk.sender(shown, now).await.map(|known| known.whose.source);
    let names = ["may01.bacninh.gov.vn".to_owned()];
    let certificate = |names| Some(Certificate { fingerprint: "00", names });
    assert_eq!(known(Shown::at(address)).await, Some(by_address));
    assert_eq!(known(Shown { certificate: certificate(&names), ..Shown::at(address) }).await, Some(by_certificate));
    let both = Shown { certificate: certificate(&names), token: Some(&token), address };
    assert_eq!(known(both).await, Some(by_token), "the token in the message decides");
    let foreign = Shown { certificate: certificate(&[]), ..Shown::at(address) };
    assert_eq!(known(foreign).await, None, "its address does not make up for it");
    assert_eq!(known(Shown { token: Some("wrong"), ..Shown::at(address) }).await, None);
    let found = centre.desk.sender(Shown { certificate: certificate(&names), ..Shown::at(address) }, now).await;
    assert_eq!(found.unwrap().quota, Some(500));

    centre.desk.stranger(&foreign, b"<13>whose am I", now);
    let list = officer.get("/sources").await.text();
    assert!(list.contains("whose am I") && list.contains("/sources/new?certificate=00"), "{list}");
}

#[tokio::test]
async fn what_one_unit_registers_by_name_another_cannot_take_over_by_fingerprint() {
    let centre = Centre::new().await;
    let fingerprint = "ab".repeat(32);
    for (unit, system, certificates) in
        [("so-y-te", centre.hospital, "may01"), ("09253", centre.commune, fingerprint.as_str())]
    {
        let mut focal = centre.focal(unit).await;
        let system = system.to_string();
        let form = [
            ("name", "x"),
            ("system", system.as_str()),
            ("kind", "syslog"),
            ("certificates", certificates),
            ("silent_minutes", "60"),
        ];
        assert_eq!(focal.post("/api/v1/sources", &form).await.status, 200);
    }
    let names = ["may01".to_owned()];
    let certificate = Some(Certificate { fingerprint: &fingerprint, names: &names });
    let shown = Shown { certificate, ..Shown::at("192.0.2.1".parse().unwrap()) };
    assert!(centre.desk.sender(shown, centre.app.kit.now()).await.is_none(), "nobody's until the two agree");
}

#[tokio::test]
async fn who_sets_a_source_up_sees_its_events_arrive_and_its_clock() {
    let centre = Centre::new().await;
    let mut focal = centre.focal("so-y-te").await;
    let (id, token) = centre.add(&mut focal, centre.hospital, "ndjson", "").await;
    let path = format!("/sources/{id}/live");
    assert!(focal.get(&path).await.text().contains("Chưa có sự kiện nào"));
    let at = (centre.app.kit.now() - TimeDelta::hours(7)).to_rfc3339();
    let line = format!("{{\"@timestamp\":\"{at}\",\"message\":\"xin chào\"}}\n{{broken\n");
    let mut machine = centre.app.stranger();
    assert_eq!(machine.post_token("/api/ingest/ndjson", &token, line.clone()).await.status, 200);
    let page = focal.get(&path).await.text();
    assert!(page.contains("xin chào") && page.contains("chậm 7 giờ 0 phút") && page.contains("{broken"), "{page}");
    assert!(!page.contains("<html"), "a part of a page");
    let live = focal.get(&format!("/api/v1{path}")).await.json()["live"].clone();
    assert_eq!((live["per_second"].as_f64(), live["failures"].as_i64()), (Some(0.1), Some(1)));
    assert!(focal.get(&format!("/sources/{id}")).await.text().contains("xin chào"));
    assert_eq!(centre.focal("09253").await.get(&path).await.status, 404, "a neighbour sees nothing");
}

#[tokio::test]
async fn a_quota_holds_a_source_back_over_http() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let system = centre.hospital.to_string();
    let form =
        [("name", "x"), ("system", system.as_str()), ("kind", "ndjson"), ("quota", "1"), ("silent_minutes", "60")];
    let made = officer.post("/api/v1/sources", &form).await.json();
    let token = made["new_token"].as_str().unwrap();
    let mut machine = centre.app.stranger();
    let body = "{\"a\":1}\n".repeat(60);
    assert_eq!(machine.post_token("/api/ingest/ndjson", token, body.clone()).await.status, 200);
    assert_eq!(machine.post_token("/api/ingest/ndjson", token, body.clone()).await.status, 429);
    centre.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(machine.post_token("/api/ingest/ndjson", token, body.clone()).await.status, 200);
}
