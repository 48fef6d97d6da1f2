//! The five plans as issued: those of the province and of phường Nhân Hòa live, the others for reference. The centre's
//! own plan, invented. And how far tasks are.

use chrono::{Datelike, Days, NaiveDate, TimeDelta};
use khien_base::clock::{day_in_vietnam, vn_date};
use khien_base::{Id, Result};
use khien_govern::plans::import::{Import, import, leads, report_progress};
use khien_govern::plans::model::State;
use khien_govern::plans::progress::Report;
use khien_govern::plans::take_in::{Incoming, Who};

use super::Stage;
use super::files::Script;

/// File, whose it is, how it ends.
const PLANS: [(&str, &[u8], &str, State); 5] = [
    ("bac-ninh.docx", include_bytes!("../../../../content/demo/plans/bac-ninh.docx"), "24", State::Live),
    (
        "phuong-nhan-hoa.docx",
        include_bytes!("../../../../content/demo/plans/phuong-nhan-hoa.docx"),
        "09253",
        State::Live,
    ),
    ("hue.docx", include_bytes!("../../../../content/demo/plans/hue.docx"), "24", State::Reference),
    ("nghe-an.docx", include_bytes!("../../../../content/demo/plans/nghe-an.docx"), "24", State::Reference),
    ("ninh-binh.docx", include_bytes!("../../../../content/demo/plans/ninh-binh.docx"), "24", State::Reference),
];

/// The plan of the centre, with days that count from the day of the demonstration.
const OWN: &str = include_str!("../../../../content/demo/centre-plan.txt");

/// When the live plans came into force, in days before the demonstration.
pub(super) const BEGAN: i64 = 180;

/// Takes the plans in and reports progress.
pub(super) async fn make(stage: &Stage, script: &Script) -> Result<()> {
    let began = stage.kit.now() - TimeDelta::days(BEGAN);
    let mut province: Option<Id> = None;
    let own = written(OWN, day_in_vietnam(stage.kit.now()));
    let all = PLANS.into_iter().chain([("ke-hoach-trung-tam.txt", own.as_bytes(), "24", State::Live)]);
    let mut live = Vec::new();
    for (file, bytes, unit, state) in all {
        let incoming = Incoming {
            unit: stage.unit(unit)?,
            parent: province.filter(|_| unit == "09253"),
            file_name: file.to_owned(),
            bytes: bytes.to_vec(),
            author: who(stage, "huong.tt")?,
        };
        let wanted = Import { incoming, state, approver: who(stage, "thinh.nd")? };
        let id = import(&stage.kit, began, wanted).await?;
        province = province.or(Some(id));
        if unit == "24" && state == State::Live {
            live.push(id);
        }
    }
    for note in &script.progress {
        let at = stage.kit.now() - TimeDelta::days(note.days_ago.min(BEGAN - 1));
        let report = Report {
            state: if note.state == "done" { "done".into() } else { "doing".into() },
            percent: note.percent,
            note: note.note.clone(),
        };
        for plan in &live {
            for assignment in leads(&stage.kit.db, *plan, &note.task_begins).await? {
                report_progress(&stage.kit, at, &who(stage, &note.by)?, assignment.id, report.clone()).await?;
            }
        }
    }
    Ok(())
}

/// The text of a plan with its days: `{-30}` is thirty days before `today`, `{yearly}` a day of each year soon after it.
fn written(text: &str, today: NaiveDate) -> String {
    let began = today - TimeDelta::days(BEGAN);
    let soon = today + Days::new(20);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, next) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(&match place {
            "issued" => format!("ngày {} tháng {} năm {}", began.day(), began.month(), began.year()),
            "next-year" => (today.year() + 1).to_string(),
            "yearly" => format!("{:02}/{:02}", soon.day(), soon.month()),
            days => vn_date(today + TimeDelta::days(days.parse().unwrap_or_default())),
        });
        rest = next;
    }
    out.push_str(rest);
    out
}

fn who(stage: &Stage, key: &str) -> Result<Who> {
    let player = stage.person(key)?;
    Ok(Who { id: Some(player.id), name: player.name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centre_s_plan_is_read_whole_on_any_day() {
        for (today, due) in [("2026-11-22", "2027-12-31"), ("2028-02-29", "2029-12-31")] {
            let text = written(OWN, today.parse().unwrap());
            assert!(!text.contains(['{', '}']), "{text}");
            let read = khien_planread::read(text.as_bytes(), "ke-hoach.txt").unwrap();
            // What units report is a duty, and a task of its section as well.
            assert_eq!((read.targets.len(), read.tasks.len(), read.obligations.len()), (3, 9, 1), "{read:#?}");
            assert_eq!(read.heading.number, "01/KH-TTANM");
            for target in &read.targets {
                let ends = target.due.as_ref().map(|due| format!("{due:?}")).unwrap_or_default();
                assert!(ends.contains(due), "{target:?}");
            }
        }
    }
}
