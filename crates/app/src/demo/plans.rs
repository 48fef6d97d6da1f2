//! The five plans: those of the province and of phường Nhân Hòa live, the others for reference; and how far tasks are.

use chrono::TimeDelta;
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

/// When the live plans came into force, in days before the demonstration.
const BEGAN: i64 = 180;

/// Takes the plans in and reports progress.
pub(super) async fn make(stage: &Stage, script: &Script) -> Result<()> {
    let began = stage.kit.now() - TimeDelta::days(BEGAN);
    let mut province: Option<Id> = None;
    for (file, bytes, unit, state) in PLANS {
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
    }
    let Some(plan) = province else { return Ok(()) };
    for note in &script.progress {
        let at = stage.kit.now() - TimeDelta::days(note.days_ago.min(BEGAN - 1));
        let report = Report {
            state: if note.state == "done" { "done".into() } else { "doing".into() },
            percent: note.percent,
            note: note.note.clone(),
        };
        for assignment in leads(&stage.kit.db, plan, &note.task_begins).await? {
            report_progress(&stage.kit, at, &who(stage, &note.by)?, assignment.id, report.clone()).await?;
        }
    }
    Ok(())
}

fn who(stage: &Stage, key: &str) -> Result<Who> {
    let player = stage.person(key)?;
    Ok(Who { id: Some(player.id), name: player.name.clone() })
}
