//! The leader's page: figures that were kept become ways, for those whose plan it is.

use chrono::{Datelike, TimeDelta};
use khien_base::clock::{day_in_vietnam, vn_date};
use khien_base::measure::Figure;
use khien_base::{Reach, Role};
use khien_govern::plans::import::{Import, import};
use khien_govern::plans::model::State;
use khien_govern::plans::take_in::{Incoming, Who};
use khien_govern::plans::{jobs, overview, store};

use crate::centre::Centre;

fn plan(year: i32) -> String {
    format!(
        "CÔNG AN TỈNH BẮC NINH\nSố: 12/KH-CAT\nKẾ HOẠCH\nBảo đảm an ninh mạng\nI. MỤC TIÊU\n1. Mục tiêu đến năm {year}\n\
         a) 80% hệ thống thông tin được kết nối giám sát an ninh mạng tập trung.\n\
         b) Có ít nhất 20 chuyên gia an ninh mạng.\n\
         II. NHIỆM VỤ\n1. Rà soát hệ thống thông tin\n- Cơ quan chủ trì: Công an tỉnh.\n- Thời gian: Thường xuyên.\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_figures_are_drawn_as_a_way_to_the_goal() {
    let centre = Centre::new().await;
    let kit = &centre.open.kit;
    let (now, day) = (kit.now(), day_in_vietnam(kit.now()));
    let who = |name: &str| Who { id: Some(kit.id()), name: name.into() };
    let incoming = Incoming {
        unit: centre.founded.units["24"],
        parent: None,
        file_name: "ke-hoach.txt".into(),
        bytes: plan(day.year() + 1).into_bytes(),
        author: who("Tạ Thu Hường"),
    };
    let wanted = Import { incoming, state: State::Live, approver: who("Ngô Đức Thịnh") };
    import(kit, now - TimeDelta::days(40), wanted).await.unwrap();
    let mut leader = centre.sign_in(Role::Leader, "24").await;
    let before = leader.get("/api/v1/overview").await.json();
    assert_eq!(before["targets"].as_array().unwrap().len(), 2, "{before:#}");
    assert!(before["charts"].as_array().unwrap().is_empty() && before["targets"][0]["spark"].is_null());

    let lines = overview::targets(kit, &Reach::All, now).await.unwrap();
    let bound = lines.iter().find(|line| line.binding == "systems.connected").unwrap();
    let tx = kit.db.begin().await.unwrap();
    for (ago, connected) in [(40, 0), (20, 1)] {
        let at = now - TimeDelta::days(ago);
        let figure = Figure::share(connected, 4);
        store::figures::keep(tx.conn(), kit.id(), bound.id, day_in_vietnam(at), at, figure).await.unwrap();
    }
    tx.commit_machine().await.unwrap();
    jobs::record_figures(kit, now).await.unwrap();

    let told = leader.get("/api/v1/overview").await.json();
    let (row, chart) = (&told["targets"][0], &told["charts"][0]);
    assert_eq!((row["state"].as_str(), row["value"].as_f64()), (Some("behind"), Some(0.0)), "{told:#}");
    let expected = row["expected"].as_f64().unwrap();
    assert!(expected > 0.0 && expected < 20.0, "{expected}");
    assert_eq!(row["spark"]["reached"].as_str().unwrap().matches('L').count(), 2, "three figures, two lines");
    let reached: Vec<f64> =
        chart["chart"]["series"][0]["data"].as_array().unwrap().iter().filter_map(|value| value.as_f64()).collect();
    assert_eq!(reached, [0.0, 25.0, 0.0], "the last one is the figure of today");
    let goal = chart["chart"]["series"][1]["data"].as_array().unwrap().last().unwrap();
    assert_eq!(goal.as_f64(), Some(80.0));
    assert_eq!(told["charts"].as_array().unwrap().len(), 1, "nobody measures experts");
    assert_eq!(chart["chart"]["labels"][2].as_str(), Some(vn_date(day).as_str()));

    let page = leader.get("/").await.text();
    let words = format!("0 % ngày {}, đường tới mục tiêu:", vn_date(day).replace('/', "&#x2f;"));
    assert!(page.contains("<svg class=\"spark way") && page.contains(&words), "{words} is not in {page}");
    // A department has no part in the plan's way.
    let mut health = centre.sign_in(Role::FocalPoint, "so-y-te").await;
    let own = health.get("/api/v1/overview").await.json();
    assert!(own["targets"].as_array().unwrap().is_empty() && own["charts"].as_array().unwrap().is_empty());
    centre.close().await;
}
