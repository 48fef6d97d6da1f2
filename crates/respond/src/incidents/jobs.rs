//! Reminders of legal clocks: one job for each point, asked for when the clock is made.

use chrono::DateTime;
use futures::future::BoxFuture;
use khien_base::{Fault, Id, Result};
use khien_web::{Kit, Live};
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Act, both};
use super::store::{self, Line};

#[derive(Deserialize)]
struct Reminder {
    clock: Id,
    /// The end that the reminder was made for; a clock that moved has reminders of its own.
    due: i64,
    /// Hours that are left; 0 when the time is over.
    left: u32,
    once: String,
}

/// Notes in the timeline that a clock nears its end, or that it is over, and tells open pages.
pub(super) fn remind<'a>(kit: &'a Kit, payload: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let reminder: Reminder = serde_json::from_value(payload.clone()).map_err(Fault::internal)?;
        let Some(row) = store::clock_of_job(&kit.db, reminder.clock).await? else { return Ok(()) };
        let Some(due) = DateTime::from_timestamp(reminder.due, 0) else { return Ok(()) };
        let settled = !row.active || row.due_at != Some(due);
        if settled || store::noted(kit.db.read(), &reminder.once).await? {
            return Ok(());
        }
        let rule = row.rule()?;
        let clock = both(&rule.name_vi, &rule.name_en);
        let due = khien_base::clock::vn_time(due);
        let line = if reminder.left == 0 {
            Line { kind: "overdue", args: json!({"clock": clock, "due": due}), ..Line::default() }
        } else {
            let args = json!({"clock": clock, "due": due, "left": reminder.left.to_string()});
            Line { kind: "reminder", args, ..Line::default() }
        };
        let act = Act::machine(&kit.ids, kit.now());
        let tx = kit.db.begin().await?;
        store::log(tx.conn(), &act, row.incident, Line { once: Some(reminder.once), ..line }).await?;
        tx.commit_machine().await?;
        kit.bus.tell(Live { topic: "incidents", permission: "incidents:read", unit: Some(row.unit) });
        Ok(())
    })
}
