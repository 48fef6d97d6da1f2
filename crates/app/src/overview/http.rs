//! The leader's page: every figure asked of the module that owns it, all within the reader's reach.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::clock::vietnam;
use khien_base::measure::Unit;
use khien_base::{Reach, Result};
use khien_directory::{Tree, gate};
use khien_respond::{alerts, incidents, sources};
use khien_web::texts::Lang;
use khien_web::{Ctx, Measure, Reply};
use serde_json::{Value, json};

use super::map;
use super::plans::{duties, late, targets};
use super::views::{Card, IncidentRow, Overview, SilentRow};

/// Rows of each list on the page.
const ROWS: u64 = 8;

/// `GET /`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let directory = gate::of(&ctx.kit)?;
    let tree = directory.tree(ctx.now).await?;
    let live = ctx.kit.watch()?.connected(ctx.now).await?;
    let (late, late_total) = late(&ctx).await?;
    let (alerts, alerts_total) = alerts_of_the_day(&ctx).await?;
    let (targets, charts) = targets(&ctx).await?;
    let mut view = Overview {
        centre: directory.centre(ctx.now).await?.map(|centre| centre.name).unwrap_or_default(),
        at: ctx.now,
        cards: Vec::new(),
        targets,
        charts,
        late,
        late_total,
        incidents: incidents(&ctx, &tree).await?,
        alerts,
        alerts_total,
        silent: silent(&ctx, &tree).await?,
        duties: duties(&ctx).await?,
        map: map::communes(&ctx, &tree, &ctx.reach("systems:read"), &live).await?,
    };
    view.cards = cards(&ctx, &view).await?;
    ctx.page(&view)
}

async fn cards(ctx: &Ctx, view: &Overview) -> Result<Vec<Card>> {
    let mut cards = Vec::new();
    for (id, label, permission, icon) in [
        ("systems.connected", "measure.systems.connected", "systems:read", "server"),
        ("systems.level-approved", "measure.systems.level-approved", "systems:read", "certificate"),
        ("plans.tasks-in-time", "measure.plans.tasks-in-time", "plans:read", "checklist"),
    ] {
        let Some(measure) = ctx.kit.measures().find(|measure| measure.id == id) else { continue };
        cards.push(measured(ctx, measure, label, &ctx.reach(permission), icon).await?);
    }
    let counts = incidents::overview::counts(&ctx.kit, &ctx.reach("incidents:read"), ctx.now).await?;
    let silent = sources::overview::counts(&ctx.kit, &ctx.reach("sources:read"), ctx.now).await?.silent;
    let tone = |count: u64, bad: bool| match (count, bad) {
        (0, _) => "ok",
        (_, true) => "bad",
        _ => "soon",
    };
    let alerts = u64::try_from(view.alerts_total).unwrap_or(0);
    let overdue = counts.overdue > 0;
    cards.push(counted(
        "overview.open-incidents",
        counts.open,
        "/incidents",
        tone(counts.open, overdue),
        "alert-triangle",
    ));
    cards.push(counted("overview.alerts", alerts, "/alerts", tone(alerts, false), "bell"));
    cards.push(counted("overview.silent-count", silent, "/sources?state=silent", tone(silent, false), "plug"));
    Ok(cards)
}

async fn measured(
    ctx: &Ctx,
    measure: &Measure,
    label: &'static str,
    reach: &Reach,
    icon: &'static str,
) -> Result<Card> {
    let figure = (measure.compute)(&ctx.kit, reach, ctx.now).await?;
    let tone = match (measure.unit, figure.value()) {
        (_, None) => "idle",
        (Unit::Percent, Some(value)) if value >= 99.95 => "ok",
        (Unit::Percent, Some(value)) if value >= 70.0 => "soon",
        (Unit::Percent, Some(_)) => "bad",
        (Unit::Count, Some(_)) => "info",
    };
    Ok(Card {
        label,
        value: figure.value(),
        numerator: figure.numerator,
        denominator: figure.denominator,
        href: measure.rows.to_owned(),
        tone,
        icon,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^52")]
fn counted(label: &'static str, count: u64, href: &str, tone: &'static str, icon: &'static str) -> Card {
    Card { label, value: Some(count as f64), numerator: count, denominator: None, href: href.to_owned(), tone, icon }
}

async fn incidents(ctx: &Ctx, tree: &Tree) -> Result<Vec<IncidentRow>> {
    let open = incidents::overview::open_with_clocks(&ctx.kit, &ctx.reach("incidents:read"), ctx.now, ROWS).await?;
    Ok(open
        .into_iter()
        .map(|row| {
            let (clock, due) = match row.clock {
                Some(clock) => (if ctx.lang == Lang::Vi { clock.name_vi } else { clock.name_en }, Some(clock.due_at)),
                None => (String::new(), None),
            };
            IncidentRow {
                number: row.number,
                title: row.title,
                level: row.level,
                unit: tree.name(row.unit).to_owned(),
                clock,
                due,
                href: row.href,
            }
        })
        .collect())
}

async fn silent(ctx: &Ctx, tree: &Tree) -> Result<Vec<SilentRow>> {
    let rows = sources::overview::silent(&ctx.kit, &ctx.reach("sources:read"), ctx.now, ROWS).await?;
    Ok(rows
        .into_iter()
        .map(|row| SilentRow {
            href: format!("/sources/{}", row.id),
            name: row.name,
            unit: tree.name(row.unit).to_owned(),
            since: row.last_event_at,
        })
        .collect())
}

/// Alerts of the last 24 hours, stacked by level, one bar an hour.
async fn alerts_of_the_day(ctx: &Ctx) -> Result<(Value, i64)> {
    let counts = alerts::overview::last_24h(&ctx.kit, &ctx.reach("alerts:read"), ctx.now).await?;
    let total = counts.iter().map(|count| count.alerts).sum();
    let first = ctx.now - TimeDelta::hours(23);
    let hour = |at: DateTime<Utc>| at.timestamp().div_euclid(3600);
    let hours: Vec<i64> = (hour(first)..=hour(ctx.now)).collect();
    let labels: Vec<String> = hours
        .iter()
        .map(|hour| {
            let at = DateTime::from_timestamp(hour * 3600, 0).unwrap_or_default();
            at.with_timezone(&vietnam()).format("%H:00").to_string()
        })
        .collect();
    let mut by_level: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    const LEVELS: [(&str, &str); 5] =
        [("critical", "bad"), ("high", "bad"), ("medium", "soon"), ("low", "info"), ("informational", "idle")];
    for count in &counts {
        let level = LEVELS.iter().position(|(name, _)| *name == count.level).unwrap_or(LEVELS.len() - 1);
        let slot = hours.iter().position(|at| *at == hour(count.hour));
        let row = by_level.entry(level).or_insert_with(|| vec![0; hours.len()]);
        if let Some(cell) = slot.and_then(|slot| row.get_mut(slot)) {
            *cell += count.alerts;
        }
    }
    let series: Vec<Value> = by_level
        .into_iter()
        .filter_map(|(level, data)| {
            let (name, tone) = LEVELS.get(level)?;
            Some(json!({"name": ctx.say(&format!("alerts.level.{name}")), "data": data, "tone": tone}))
        })
        .collect();
    Ok((json!({"kind": "bar", "stacked": true, "labels": labels, "series": series}), total))
}
