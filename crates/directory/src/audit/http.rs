//! Routes of the audit log.

use std::collections::HashMap;

use chrono::NaiveDate;
use khien_base::clock::{day_in_vietnam, end_of_day, vn_time};
use khien_base::ports::Sheet;
use khien_base::{Fault, Id, Reach, Result};
use khien_db::audit::{self, Filter, Model};
use khien_web::list::{self, FILE_ROWS, wants_file};
use khien_web::{Ctx, Pager, Paging, Reply};
use serde::Deserialize;

use super::views::{Entry, Line, List, Verdict};
use super::{READ, did, rules};
use crate::forms::day;
use crate::people::store as people;
use crate::units::store as units;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    name: String,
    action: String,
    subject: String,
    from: String,
    to: String,
}

/// `GET /audit`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let filter = filter(&ctx, &asked).await?;
    if wants_file(&ctx) {
        let (rows, _) = audit::list(ctx.kit.db.read(), &filter, 0, FILE_ROWS).await?;
        let lines = lines(&ctx, rows).await?;
        return list::file(&ctx, "nhat-ky", &sheet(&ctx, lines));
    }
    let view = view(&ctx, asked, &filter, None).await?;
    ctx.page(&view)
}

/// `POST /audit/verify`: recomputes every seal.
pub(super) async fn verify(ctx: Ctx) -> Result<Reply> {
    if ctx.reach(READ) != Reach::All {
        return Err(Fault::forbidden("audit.whole-centre"));
    }
    let verdict = match audit::verify(ctx.kit.db.read()).await? {
        audit::Verdict::Whole { rows, last } => Verdict { whole: true, rows, last, broken_at: 0 },
        audit::Verdict::Broken { seq } => Verdict { broken_at: seq, ..Verdict::default() },
    };
    let view = view(&ctx, Asked::default(), &Filter::all(Reach::All), Some(verdict)).await?;
    ctx.page(&view)
}

async fn filter(ctx: &Ctx, asked: &Asked) -> Result<Filter> {
    let name = khien_base::key::nfc(asked.name.trim());
    let actors =
        if khien_base::key::key(&name).is_empty() { Vec::new() } else { people::named(&ctx.kit.db, &name).await? };
    let subject = asked.subject.trim();
    let subject: Option<Id> = match subject {
        "" => None,
        text => Some(text.parse().map_err(|_| Fault::invalid("audit.subject").on("subject"))?),
    };
    let today = day_in_vietnam(ctx.now);
    let on = |text: &str, field| {
        if text.trim().is_empty() { Ok(None) } else { day(text, field, today).map(Some) }
    };
    // A day begins when the one before it ends.
    let begins = |day: NaiveDate| end_of_day(day.pred_opt().unwrap_or(day));
    Ok(Filter {
        reach: ctx.reach(READ),
        actors,
        action: rules::action(&asked.action)?,
        subject,
        from: on(&asked.from, "from")?.map(begins),
        to: on(&asked.to, "to")?.map(end_of_day),
        name,
    })
}

async fn view(ctx: &Ctx, asked: Asked, filter: &Filter, verdict: Option<Verdict>) -> Result<List> {
    let paging = Paging::of(ctx);
    let (rows, total) = audit::list(ctx.kit.db.read(), filter, paging.offset(), paging.size).await?;
    let whole_centre = filter.reach == Reach::All;
    let last = if whole_centre { audit::last(ctx.kit.db.read()).await? } else { None };
    let mut pager = Pager::new(ctx, paging, total);
    let mut base = list::base(ctx, &["page", "format"]);
    if verdict.is_some() {
        // The address of the check takes no look: its links lead to the list.
        "/audit?".clone_into(&mut base);
        pager.base.clone_from(&base);
    }
    let filtered = [&asked.name, &asked.action, &asked.subject, &asked.from, &asked.to]
        .into_iter()
        .any(|value| !value.trim().is_empty());
    Ok(List {
        entries: lines(ctx, rows).await?,
        pager,
        base,
        filtered,
        name: asked.name,
        action: asked.action,
        actions: ctx.kit.modules.iter().map(|module| format!("{}.", module.name)).collect(),
        subject: asked.subject,
        from: asked.from,
        to: asked.to,
        whole_centre,
        last_seq: last.as_ref().map_or(0, |row| row.seq),
        last_seal: last.map(|row| row.hash).unwrap_or_default(),
        verdict,
    })
}

async fn lines(ctx: &Ctx, rows: Vec<Model>) -> Result<Vec<Line>> {
    let mut ids: Vec<Id> = rows.iter().filter_map(|row| row.unit).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names: HashMap<Id, String> = HashMap::new();
    // A file may tell of more units than a statement has places for values.
    for some in ids.chunks(500) {
        let found = units::some(&ctx.kit.db, some.iter().copied()).await?;
        names.extend(found.into_iter().map(|unit| (unit.id, unit.name)));
    }
    Ok(rows.into_iter().map(|row| line(ctx, row, &names)).collect())
}

fn line(ctx: &Ctx, row: Model, names: &HashMap<Id, String>) -> Line {
    Line {
        seq: row.seq,
        at: row.at,
        who: row.actor_name,
        text: did(ctx, &row.action),
        action: row.action,
        kind: ctx
            .kit
            .texts
            .find(ctx.lang, &format!("audit.kind.{}", row.subject_kind))
            .unwrap_or(&row.subject_kind)
            .to_owned(),
        subject_kind: row.subject_kind,
        subject: row.subject,
        unit: row.unit.and_then(|unit| names.get(&unit).cloned()).unwrap_or_default(),
        request: row.request,
    }
}

fn sheet(ctx: &Ctx, lines: Vec<Line>) -> Sheet {
    let columns = ["seq", "at", "who", "what", "action", "subject-kind", "subject", "unit", "request"];
    Sheet {
        title: ctx.say("audit.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("audit.{column}"))).collect(),
        rows: lines
            .into_iter()
            .map(|line| {
                vec![
                    line.seq.to_string(),
                    vn_time(line.at),
                    line.who,
                    line.text,
                    line.action,
                    line.kind,
                    line.subject.to_string(),
                    line.unit,
                    line.request,
                ]
            })
            .collect(),
    }
}

/// `GET /audit/{seq}`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let lost = || Fault::not_found("web.not-found");
    let seq: i64 = ctx.param("seq")?.parse().map_err(|_| lost())?;
    let row = audit::row(ctx.kit.db.read(), seq).await?.ok_or_else(lost)?;
    match row.unit {
        Some(unit) => ctx.actor()?.over(READ, unit)?,
        None if ctx.reach(READ) == Reach::All => {}
        None => return Err(lost()),
    }
    let (changes, previous, hash) = (rules::changes(&row.detail), row.previous.clone(), row.hash.clone());
    let line = lines(&ctx, vec![row]).await?.pop().unwrap_or_default();
    ctx.page(&Entry { line, changes, previous, hash })
}
