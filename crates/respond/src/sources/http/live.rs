//! What arrives from a source at this moment: a part of its page that asks for itself every two seconds.

use chrono::{DateTime, Utc};
use khien_base::Result;
use khien_web::{Ctx, Reply};

use super::reached;
use crate::sources::READ;
use crate::sources::desk::{Desk, stats::Tally};
use crate::sources::model::{FILE, Model};
use crate::sources::views::{Live, LiveLine, LivePage};

/// A clock that is off by more than this is told.
const OFF_MS: i64 = 60_000;

/// `GET /sources/{id}/live`
pub(in crate::sources) async fn live(ctx: Ctx) -> Result<Reply> {
    let source = reached(&ctx, READ).await?;
    ctx.page(&LivePage { live: arriving(&ctx, &source)? })
}

/// What arrives from a source: what is stored of it, and what was counted since.
pub(super) fn arriving(ctx: &Ctx, source: &Model) -> Result<Live> {
    let desk = ctx.kit.part::<Desk>()?;
    let arriving = desk.recent.of(source.id, ctx.now);
    let fresh: Tally = desk.stats.of(source.id);
    // The lines are events: who may not search them does not see them here either.
    let may_see = ctx.reach(crate::search::READ).covers(source.unit);
    let line = |(at, text): (DateTime<Utc>, String)| LiveLine { at, text };
    let skew = arriving.skew_ms.filter(|_| source.kind != FILE);
    Ok(Live {
        source: source.id,
        per_second: arriving.per_second,
        last_event_at: source.last_event_at.max(fresh.last_event_at),
        failures: source.failures + fresh.failures,
        failed_line: fresh.failed.map(|(_, _, line)| line).or_else(|| source.failed_line.clone()).unwrap_or_default(),
        skew: skew.map(|ms| said(ctx, ms)).unwrap_or_default(),
        skew_bad: skew.is_some_and(|ms| ms.abs() > OFF_MS),
        lines: if may_see { arriving.lines.into_iter().map(line).collect() } else { Vec::new() },
    })
}

/// "chậm 7 giờ 0 phút", "nhanh 12 giây".
fn said(ctx: &Ctx, ms: i64) -> String {
    let seconds = ms.abs() / 1000;
    if seconds == 0 {
        return ctx.say("sources.skew-none");
    }
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let span = match (hours, minutes) {
        (0, 0) => format!("{rest} {}", ctx.say("sources.skew-seconds")),
        (0, _) => format!("{minutes} {}", ctx.say("sources.skew-minutes")),
        _ => format!("{hours} {} {minutes} {}", ctx.say("sources.skew-hours"), ctx.say("sources.skew-minutes")),
    };
    let way = if ms > 0 { "sources.skew-behind" } else { "sources.skew-ahead" };
    format!("{} {span}", ctx.say(way))
}
