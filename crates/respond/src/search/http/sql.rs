//! `/events/sql`: statements of experts.

use khien_base::filter::COLUMNS;
use khien_base::ports::Rows;
use khien_base::{Fault, Id, Kind, Result};
use khien_web::ctx::Wants;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::search::running::Running;
use crate::search::views::{Sql, SqlColumn, UnderWay};
use crate::search::{PERSONAL, SQL};

/// Rows of an SQL answer.
const ROWS: usize = 1_000;

/// Columns of the table beside those of [`COLUMNS`]: name and type.
const OTHERS: [(&str, &str); 7] = [
    ("id", "text"),
    ("time", "timestamp"),
    ("received", "timestamp"),
    ("unit", "text"),
    ("day", "date"),
    ("fields", "text"),
    ("raw", "text"),
];

/// Statements to begin with; their sentences are the texts `search.example.<name>`.
const EXAMPLES: [(&str, &str); 4] = [
    ("hosts", "SELECT host, count(*) AS n FROM events WHERE day = current_date GROUP BY host ORDER BY n DESC LIMIT 20"),
    (
        "failed",
        "SELECT src_ip, count(*) AS n, count(DISTINCT \"user\") AS accounts FROM events WHERE event_code = '4625' \
         GROUP BY src_ip ORDER BY n DESC LIMIT 20",
    ),
    ("hours", "SELECT date_trunc('hour', time) AS hour, count(*) AS n FROM events GROUP BY 1 ORDER BY 1 DESC LIMIT 48"),
    (
        "rare",
        "SELECT process, count(DISTINCT host) AS hosts FROM events WHERE process IS NOT NULL GROUP BY process \
         HAVING count(DISTINCT host) = 1 LIMIT 50",
    ),
];

/// `GET /events/sql`
pub(in crate::search) async fn show_sql(ctx: Ctx) -> Result<Reply> {
    let statement = ctx.query_value("statement").unwrap_or_default();
    ctx.page(&Sql { statement, ..base(&ctx)? })
}

fn base(ctx: &Ctx) -> Result<Sql> {
    let texts = COLUMNS.iter().map(|column| SqlColumn {
        name: column.name.to_owned(),
        ocsf: column.ocsf.to_owned(),
        held: if column.held == khien_base::filter::Held::Number { "number" } else { "text" }.to_owned(),
    });
    let others = OTHERS.iter().map(|(name, held)| SqlColumn {
        name: (*name).to_owned(),
        ocsf: String::new(),
        held: (*held).to_owned(),
    });
    let own = ctx.kit.part::<Running>()?.of(ctx.actor()?.id);
    Ok(Sql {
        run: ctx.kit.id(),
        known: others.chain(texts).collect(),
        examples: EXAMPLES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        under_way: own.into_iter().map(|(id, statement, began)| UnderWay { id, statement, began }).collect(),
        ..Sql::default()
    })
}

/// A statement.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::search) struct Statement {
    /// `SELECT … FROM events …`
    statement: String,
    /// An identity by which it can be stopped while it runs.
    #[serde(default)]
    run: String,
}

/// `POST /events/sql`: runs a statement over the events within reach, and writes it into the audit log. A statement reads
/// whole events, so the right to see personal data goes with it.
pub(in crate::search) async fn run_sql(mut ctx: Ctx) -> Result<Reply> {
    let form: Statement = ctx.form().await?;
    let actor = ctx.actor()?;
    let run: Id = form.run.parse().unwrap_or_else(|_| ctx.kit.id());
    let mut place = ctx.kit.part::<Running>()?.begin(run, actor.id, &form.statement, ctx.now)?;
    let tx = ctx.kit.db.begin().await?;
    let said: String = form.statement.chars().take(10_000).collect();
    let detail = json!({"statement": said});
    tx.commit(ctx.entry("events.sql", "person", actor.id, Some(actor.unit), detail)?).await?;
    let reach = ctx.reach(SQL).common(&ctx.reach(PERSONAL));
    let work = ctx.kit.events()?.sql(form.statement.clone(), reach, ROWS);
    // Work that nobody waits for any more is ended by the store.
    let outcome = tokio::select! {
        outcome = work => outcome,
        _ = &mut place.stopped => Err(Fault::conflict("search.stopped")),
    };
    drop(place);
    let shown = Sql { statement: form.statement, ran: true, ..base(&ctx)? };
    match outcome {
        Ok(rows) => ctx.page(&filled(shown, rows)),
        Err(fault) if ctx.wants == Wants::Html && fault.kind != Kind::Internal => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            ctx.page(&Sql { error, ..shown })
        }
        Err(fault) => Err(fault),
    }
}

fn filled(shown: Sql, rows: Rows) -> Sql {
    let cell = |row: &Map<String, Value>, column: &String| match row.get(column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let cells = rows.rows.iter().map(|row| rows.columns.iter().map(|column| cell(row, column)).collect());
    Sql { rows: cells.collect(), columns: rows.columns, truncated: rows.truncated, ..shown }
}

/// `POST /events/sql/{run}/stop`
pub(in crate::search) async fn stop_sql(ctx: Ctx) -> Result<Reply> {
    let (run, actor) = (ctx.id("run")?, ctx.actor()?);
    if !ctx.kit.part::<Running>()?.stop(run, actor.id) {
        return Err(Fault::not_found("search.no-statement"));
    }
    let tx = ctx.kit.db.begin().await?;
    tx.commit(ctx.entry("events.sql-stopped", "person", actor.id, Some(actor.unit), json!({"run": run}))?).await?;
    Ok(Reply::to("/events/sql"))
}
