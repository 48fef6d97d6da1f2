//! What each system holds of each day. A day whose files are as they were is counted once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{col, lit};
use khien_base::ports::Share;
use khien_base::{Fault, Id, Reach, Result};

use crate::columns::texts;
use crate::engine::{Engine, fault};
use crate::part::Part;
use crate::scan::EventsTable;

/// What was counted of a day, and of which files.
#[derive(Debug, Clone)]
struct Counted {
    paths: Vec<String>,
    shares: Vec<Share>,
}

/// Counts by day.
#[derive(Debug, Default)]
pub(crate) struct Shares(Mutex<BTreeMap<NaiveDate, Counted>>);

impl Shares {
    /// The shares of these files, oldest day first.
    pub(crate) async fn of(&self, engine: &Engine, parts: Vec<Arc<Part>>) -> Result<Vec<Share>> {
        let mut days: BTreeMap<NaiveDate, Vec<Arc<Part>>> = BTreeMap::new();
        for part in parts {
            days.entry(part.day).or_default().push(part);
        }
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut all = BTreeMap::new();
        for (day, parts) in days {
            let mut paths: Vec<String> = parts.iter().map(|part| part.path.clone()).collect();
            paths.sort();
            let counted = match known.get(&day) {
                Some(counted) if counted.paths == paths => counted.clone(),
                _ => Counted { paths, shares: day_shares(engine, day, parts).await? },
            };
            all.insert(day, counted);
        }
        let shares = all.values().flat_map(|counted| counted.shares.iter().cloned()).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all;
        Ok(shares)
    }
}

async fn day_shares(engine: &Engine, day: NaiveDate, parts: Vec<Arc<Part>>) -> Result<Vec<Share>> {
    let rows: u64 = parts.iter().map(|part| part.rows).sum();
    let size: u64 = parts.iter().map(|part| part.size).sum();
    let (context, store) = (engine.session(), engine.store());
    engine
        .work(async move {
            let frame = context
                .read_table(Arc::new(EventsTable::new(parts, Reach::All, store)))
                .and_then(|frame| {
                    frame.aggregate(vec![col("unit"), col("system")], vec![count(lit(1_i64)).alias("events")])
                })
                .and_then(|frame| frame.sort(vec![col("unit").sort(true, false), col("system").sort(true, false)]))
                .map_err(fault)?;
            let mut shares = Vec::new();
            for batch in frame.collect().await.map_err(fault)? {
                let text = |name| batch.column_by_name(name).and_then(texts);
                let events = batch.column_by_name("events").and_then(|c| c.as_primitive_opt::<Int64Type>());
                let (Some(units), Some(systems), Some(events)) = (text("unit"), text("system"), events) else {
                    return Err(Fault::internal("a share without its columns"));
                };
                for ((unit, system), events) in units.flatten().zip(systems.flatten()).zip(events.values()) {
                    let id = |text: &str| text.parse::<Id>().map_err(Fault::internal);
                    let events = u64::try_from(*events).unwrap_or(0);
                    let bytes = u128::from(size) * u128::from(events) / u128::from(rows.max(1));
                    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                    shares.push(Share { day, unit: id(unit)?, system: id(system)?, events, bytes });
                }
            }
            Ok(shares)
        })
        .await
}
