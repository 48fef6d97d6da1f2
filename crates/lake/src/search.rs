//! Searches: conditions, pages newest first, counts over time.
//!
//! A page is read in two steps: first the times and identities of its rows (the searched columns only), then
//! all columns of just those rows.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::{Expr, cast, col, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use khien_base::filter::Name;
use khien_base::ids::keyed;
use khien_base::ports::{Bucket, Found, Search};
use khien_base::{Event, Fault, Filter, Id, Kind, Result};
use tokio::sync::mpsc;

use crate::columns::{DAY, TABLE_SCHEMA};
use crate::engine::fault;
use crate::filter::expressions;
use crate::rows::events;
use crate::scan::{EventsTable, moment};

/// Rows of one page at most.
const PAGE: usize = 1_000;
/// Rows that may be passed over; whoever looks further back narrows the time.
const OFFSET: usize = 100_000;
/// Rows that are taken away at most.
const ROWS: usize = 100_000;
/// Identities that are given at most.
const RECEIVED: usize = 200_000;
/// Spans of time that rows of a page are looked for in.
const SPANS: usize = 16;
/// Slices of a histogram.
const SLICES: usize = 1_000;

fn date(at: DateTime<Utc>) -> Expr {
    let days = at.date_naive().signed_duration_since(chrono::NaiveDate::default()).num_days();
    lit(ScalarValue::Date32(i32::try_from(days).ok()))
}

pub(crate) fn too_many(code: &'static str, limit: usize) -> Fault {
    Fault::new(Kind::TooMany, code).with("limit", limit)
}

/// All conditions of a search but its reach, which the table itself holds.
pub(crate) fn conditions(query: &Search) -> Result<Vec<Expr>> {
    let mut all = Vec::new();
    if let Some(from) = query.from {
        all.push(col("time").gt_eq(moment(from)));
        all.push(col(DAY).gt_eq(date(from)));
    }
    if let Some(to) = query.to {
        all.push(col("time").lt(moment(to)));
        all.push(col(DAY).lt_eq(date(to)));
    }
    if let Some(source) = query.source {
        all.push(col("source").eq(lit(source.to_string())));
    }
    if let Some(system) = query.system {
        all.push(col("system").eq(lit(system.to_string())));
    }
    all.extend(expressions(&query.filter)?);
    Ok(all)
}

pub(crate) fn filtered(context: &SessionContext, table: &Arc<EventsTable>, all: &[Expr]) -> Result<DataFrame> {
    let frame = context.read_table(Arc::clone(table) as Arc<_>).map_err(fault)?;
    all.iter().try_fold(frame, |frame, one| frame.filter(one.clone()).map_err(fault))
}

async fn number(frame: DataFrame) -> Result<i64> {
    let counted = frame.aggregate(vec![], vec![count(lit(1_i64))]).map_err(fault)?;
    let batches = counted.collect().await.map_err(fault)?;
    let value = batches.first().and_then(|batch| batch.columns().first()?.as_primitive_opt::<Int64Type>().cloned());
    Ok(value.filter(|array| !array.is_empty()).map_or(0, |array| array.value(0)))
}

/// One page and the number of all.
pub(crate) async fn search(context: SessionContext, table: Arc<EventsTable>, query: Search) -> Result<Found> {
    if query.limit > PAGE {
        return Err(too_many("lake.page", PAGE));
    }
    if query.offset > OFFSET {
        return Err(too_many("lake.offset", OFFSET));
    }
    let all = conditions(&query)?;
    let (total, order) = if reads_texts(&query.filter) {
        both(filtered(&context, &table, &all)?, query.offset, query.limit).await?
    } else {
        let total = u64::try_from(number(filtered(&context, &table, &all)?).await?).unwrap_or(0);
        if query.limit == 0 || u64::try_from(query.offset).is_ok_and(|offset| offset >= total) {
            return Ok(Found { events: Vec::new(), total });
        }
        (total, order(filtered(&context, &table, &all)?, query.offset, query.limit).await?)
    };
    let events = rows(context, table, order).await?;
    Ok(Found { events, total })
}

/// Whether conditions look into long texts, so that reading them twice costs more than anything else.
fn reads_texts(filter: &Filter) -> bool {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().any(reads_texts),
        Filter::Not(part) => reads_texts(part),
        Filter::Word(word) => !word.is_empty(),
        Filter::Like(_) | Filter::Is(Name::Field(_), _) => true,
        Filter::Is(Name::Column(_), _) => false,
    }
}

/// The number of all rows, and time and identity of one page of them, newest first: one pass.
async fn both(frame: DataFrame, offset: usize, limit: usize) -> Result<(u64, Vec<(i64, Id)>)> {
    let mut batches = frame.select_columns(&["time", "id"]).map_err(fault)?.execute_stream().await.map_err(fault)?;
    let (most, mut total) = (offset + limit, 0_u64);
    // The newest so far, the oldest of them on top.
    let mut newest: BinaryHeap<Reverse<(i64, Id)>> = BinaryHeap::new();
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(fault)?;
        total += u64::try_from(batch.num_rows()).unwrap_or(0);
        for key in keys(&[batch])? {
            if newest.len() < most {
                newest.push(Reverse(key));
            } else if let Some(mut oldest) = newest.peek_mut().filter(|oldest| oldest.0 < key) {
                *oldest = Reverse(key);
            }
        }
    }
    let page = newest.into_sorted_vec().into_iter().skip(offset).map(|Reverse(key)| key);
    Ok((total, page.collect()))
}

/// Time and identity of the newest rows, at most `most`: one pass over the conditions, some 60 bytes a row.
pub(crate) async fn newest(
    context: SessionContext,
    table: Arc<EventsTable>,
    query: Search,
    most: usize,
) -> Result<Vec<(i64, Id)>> {
    if most == 0 || most > ROWS {
        return Err(too_many("lake.rows", ROWS));
    }
    let all = conditions(&query)?;
    order(filtered(&context, &table, &all)?, 0, most).await
}

/// Keys parted into pages.
pub(crate) fn pages(keys: &[(i64, Id)]) -> Vec<Vec<(i64, Id)>> {
    keys.chunks(PAGE).map(<[_]>::to_vec).collect()
}

/// Time and identity of rows, newest first.
async fn order(frame: DataFrame, offset: usize, limit: usize) -> Result<Vec<(i64, Id)>> {
    let page = frame
        .select_columns(&["time", "id"])
        .and_then(|frame| frame.sort(vec![col("time").sort(false, false), col("id").sort(false, false)]))
        .and_then(|frame| frame.limit(offset, Some(limit)))
        .map_err(fault)?;
    keys(&page.collect().await.map_err(fault)?)
}

/// Time and identity of each row, in order.
fn keys(batches: &[RecordBatch]) -> Result<Vec<(i64, Id)>> {
    let mut keys = Vec::new();
    for batch in batches {
        let times = batch.column_by_name("time").and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>());
        let ids = batch.column_by_name("id").and_then(|c| c.as_string_opt::<i32>());
        let (Some(times), Some(ids)) = (times, ids) else { return Err(Fault::internal("a page without keys")) };
        for (time, id) in times.values().iter().zip(ids.iter().flatten()) {
            keys.push((*time, id.parse().map_err(Fault::internal)?));
        }
    }
    Ok(keys)
}

/// A few spans of time that all of these rows lie in, parted where nothing is for the longest: what files and pages are
/// passed over by. Rows that are found seldom lie far apart.
fn spans(order: &[(i64, Id)]) -> Vec<(i64, i64)> {
    let mut times: Vec<i64> = order.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Vec::new() };
    let (ends, starts) = (times.iter(), times.iter().skip(1));
    let mut gaps: Vec<(i64, i64)> = ends.zip(starts).map(|(end, start)| (*end, *start)).collect();
    gaps.sort_by_key(|(end, start)| Reverse(start - end));
    gaps.truncate(SPANS - 1);
    gaps.sort_unstable();
    let starts = std::iter::once(*first).chain(gaps.iter().map(|(_, start)| *start));
    let ends = gaps.iter().map(|(end, _)| *end).chain(std::iter::once(*last));
    starts.zip(ends).collect()
}

/// All columns of the rows with these keys, in their order.
pub(crate) async fn rows(
    context: SessionContext,
    table: Arc<EventsTable>,
    order: Vec<(i64, Id)>,
) -> Result<Vec<Event>> {
    let at = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let within = spans(&order).into_iter().map(|(first, last)| {
        let days = col(DAY).between(date(at(first)), date(at(last)));
        days.and(col("time").between(moment(at(first)), moment(at(last))))
    });
    let Some(within) = within.reduce(Expr::or) else { return Ok(Vec::new()) };
    let all = [within, col("id").in_list(order.iter().map(|(_, id)| lit(id.to_string())).collect(), false)];
    let frame = filtered(&context, &table, &all)?.select(file_columns()).map_err(fault)?;
    let mut found: HashMap<Id, Event> = HashMap::with_capacity(order.len());
    for batch in frame.collect().await.map_err(fault)? {
        found.extend(events(&batch)?.into_iter().map(|event| (event.id, event)));
    }
    Ok(order.iter().filter_map(|(_, id)| found.remove(id)).collect())
}

fn file_columns() -> Vec<Expr> {
    TABLE_SCHEMA.fields().iter().filter(|field| field.name() != DAY).map(|field| col(field.name())).collect()
}

/// One event by its identity.
pub(crate) async fn event(context: SessionContext, table: Arc<EventsTable>, id: Id) -> Result<Option<Event>> {
    let all = [col("id").eq(lit(id.to_string()))];
    let frame = filtered(&context, &table, &all)?.select(file_columns()).and_then(|frame| frame.limit(0, Some(1)));
    for batch in frame.map_err(fault)?.collect().await.map_err(fault)? {
        if let Some(event) = events(&batch)?.into_iter().next() {
            return Ok(Some(event));
        }
    }
    Ok(None)
}

/// Identities of what a source brought since a moment, newest first. Identities sort by the time of receipt, and the log
/// knows those of each file: files of before are passed over.
pub(crate) async fn received(
    context: SessionContext,
    table: Arc<EventsTable>,
    source: Id,
    since: DateTime<Utc>,
    most: usize,
) -> Result<Vec<Id>> {
    if most == 0 || most > RECEIVED {
        return Err(too_many("lake.rows", RECEIVED));
    }
    let all = [col("source").eq(lit(source.to_string())), col("id").gt_eq(lit(keyed(since, 0).to_string()))];
    let newest = filtered(&context, &table, &all)?
        .select_columns(&["id"])
        .and_then(|frame| frame.sort(vec![col("id").sort(false, false)]))
        .and_then(|frame| frame.limit(0, Some(most)))
        .map_err(fault)?;
    let mut ids = Vec::new();
    for batch in newest.collect().await.map_err(fault)? {
        let texts = batch.column(0).as_string_opt::<i32>().ok_or_else(|| Fault::internal("identities are no texts"))?;
        for id in texts.iter().flatten() {
            ids.push(id.parse().map_err(Fault::internal)?);
        }
    }
    Ok(ids)
}

/// Number of events in equal slices of the time span; a side that the query leaves open is the found events' own.
pub(crate) async fn histogram(
    context: SessionContext,
    table: Arc<EventsTable>,
    query: Search,
    slices: usize,
) -> Result<Vec<Bucket>> {
    if slices == 0 || slices > SLICES {
        return Err(too_many("lake.slices", SLICES));
    }
    let all = conditions(&query)?;
    let Some((from, to)) = span(&context, &table, &query, &all).await? else { return Ok(Vec::new()) };
    let length = i64::try_from(slices).map_err(Fault::internal)?;
    let width = ((to - from).saturating_add(length - 1) / length).max(1);
    let slice = ((cast(col("time"), DataType::Int64) - lit(from)) / lit(width)).alias("slice");
    let frame = filtered(&context, &table, &all)?
        .aggregate(vec![slice], vec![count(lit(1_i64)).alias("events")])
        .and_then(|frame| frame.select_columns(&["slice", "events"]))
        .map_err(fault)?;
    let mut counts: HashMap<i64, i64> = HashMap::new();
    for batch in frame.collect().await.map_err(fault)? {
        let numbers = |name| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>());
        let (Some(slices), Some(events)) = (numbers("slice"), numbers("events")) else { continue };
        counts.extend(slices.values().iter().copied().zip(events.values().iter().copied()));
    }
    Ok((0..length)
        .map(|slice| (slice, from.saturating_add(slice.saturating_mul(width))))
        .take_while(|(_, start)| *start < to)
        .map(|(slice, start)| Bucket {
            at: DateTime::from_timestamp_micros(start).unwrap_or_default(),
            count: counts.get(&slice).and_then(|n| u64::try_from(*n).ok()).unwrap_or(0),
        })
        .collect())
}

/// All events of a search, one batch after another, until nobody takes them any more.
pub(crate) async fn each(
    context: SessionContext,
    table: Arc<EventsTable>,
    query: Search,
    to: mpsc::Sender<Result<Vec<Event>>>,
) -> Result<()> {
    let frame = filtered(&context, &table, &conditions(&query)?)?.select(file_columns()).map_err(fault)?;
    let mut batches = frame.execute_stream().await.map_err(fault)?;
    while let Some(batch) = batches.next().await {
        if to.send(events(&batch.map_err(fault)?)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// From (inclusive) and to (exclusive) in microseconds; `None` when nothing is found in an open span.
async fn span(
    context: &SessionContext,
    table: &Arc<EventsTable>,
    query: &Search,
    all: &[Expr],
) -> Result<Option<(i64, i64)>> {
    if let (Some(from), Some(to)) = (query.from, query.to) {
        return Ok((from < to).then(|| (from.timestamp_micros(), to.timestamp_micros())));
    }
    let ends = filtered(context, table, all)?
        .aggregate(vec![], vec![min(col("time")), max(col("time"))])
        .map_err(fault)?
        .collect()
        .await
        .map_err(fault)?;
    let end = |at: usize| -> Option<i64> {
        let array = ends.first()?.columns().get(at)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        (!array.is_empty() && array.is_valid(0)).then(|| array.value(0))
    };
    let (Some(first), Some(last)) = (end(0), end(1)) else { return Ok(None) };
    let from = query.from.map_or(first, |at| at.timestamp_micros());
    let to = query.to.map_or(last + 1, |at| (at - TimeDelta::zero()).timestamp_micros());
    Ok((from < to).then_some((from, to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_lie_far_apart_are_looked_for_in_spans_of_their_own() {
        let keys = |times: &[i64]| times.iter().map(|time| (*time, Id::nil())).collect::<Vec<_>>();
        assert_eq!(spans(&[]), []);
        assert_eq!(spans(&keys(&[7])), [(7, 7)]);
        assert_eq!(spans(&keys(&[30, 10, 20])), [(10, 10), (20, 20), (30, 30)]);
        let many: Vec<i64> =
            (0..100).flat_map(|block| (0..10).map(move |n| block / 10 * 1_000_000 + block * 100 + n)).collect();
        let found = spans(&keys(&many));
        assert_eq!(found.len(), SPANS);
        assert!(many.iter().all(|time| found.iter().any(|(first, last)| first <= time && time <= last)));
        assert!(found.iter().zip(found.iter().skip(1)).all(|(one, next)| one.1 < next.0));
        // The widest gaps are between tens of blocks.
        assert!((1..10).all(|ten| found.iter().any(|(first, _)| *first == ten * 1_000_000 + ten * 1_000)));
    }
}
