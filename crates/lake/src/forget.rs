//! Deleting: the events of some systems on one day, but for those that are held.
//!
//! A file is dropped whole, left alone, or written anew without the events; all changes of a day are one entry of the
//! log, so that a crash in between deletes nothing. Dropped files go from the disk when tidying sweeps them up.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, col, lit, not};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExecBuilder;
use futures::StreamExt;
use khien_base::ports::Held;
use khien_base::{Fault, Id, Reach, Result};

use crate::columns::{FILE_SCHEMA, READ_SCHEMA, texts};
use crate::engine::fault;
use crate::part::{Part, PartWriter, Stay};
use crate::scan::{EventsTable, moment};
use crate::tidy::Tidier;

/// Systems and holds of one deletion.
const MOST: usize = 10_000;

/// What is to go: events of these systems that no hold keeps. `None` when that is nothing.
fn doomed(systems: &[Id], holds: &[Held]) -> Result<Option<Expr>> {
    if systems.len() + holds.len() > MOST {
        return Err(Fault::invalid("lake.forget-too-many").with("limit", MOST));
    }
    let mut all = col("system").in_list(systems.iter().map(|system| lit(system.to_string())).collect(), false);
    for hold in holds {
        if hold.system.is_some_and(|system| !systems.contains(&system)) {
            continue;
        }
        let parts = [
            hold.system.map(|system| col("system").eq(lit(system.to_string()))),
            hold.from.map(|from| col("time").gt_eq(moment(from))),
            hold.to.map(|to| col("time").lt(moment(to))),
        ];
        match parts.into_iter().flatten().reduce(Expr::and) {
            Some(held) => all = all.and(not(held)),
            // Everything is held.
            None => return Ok(None),
        }
    }
    Ok((!systems.is_empty()).then_some(all))
}

impl Tidier {
    fn of_day(&self, day: NaiveDate) -> Vec<Arc<Part>> {
        self.log.parts().into_iter().filter(|part| part.day == day).collect()
    }

    /// How many events of each system would go.
    pub(crate) async fn forgettable(&self, day: NaiveDate, systems: &[Id], holds: &[Held]) -> Result<Vec<(Id, u64)>> {
        let Some(doomed) = doomed(systems, holds)? else { return Ok(Vec::new()) };
        Ok(self.count(self.of_day(day), doomed).await?.into_iter().collect())
    }

    /// Deletes them.
    pub(crate) async fn forget(&self, day: NaiveDate, systems: &[Id], holds: &[Held]) -> Result<Vec<(Id, u64)>> {
        let Some(doomed) = doomed(systems, holds)? else { return Ok(Vec::new()) };
        let _turn = self.turn.lock().await;
        let mut gone: BTreeMap<Id, u64> = BTreeMap::new();
        let (mut removes, mut adds) = (Vec::new(), Vec::new());
        for part in self.of_day(day) {
            let counts = self.count(vec![Arc::clone(&part)], doomed.clone()).await?;
            let going: u64 = counts.values().sum();
            if going == 0 {
                continue;
            }
            if going < part.rows {
                adds.push(self.without(&part, &doomed, going).await?);
            }
            removes.push(part);
            counts.into_iter().for_each(|(system, n)| *gone.entry(system).or_default() += n);
        }
        if !removes.is_empty() {
            let log = Arc::clone(&self.log);
            let committed = tokio::task::spawn_blocking(move || {
                let done = log.commit("DELETE", adds.clone(), &removes);
                match &done {
                    Ok(_) => log.leave(&removes),
                    Err(_) => adds.iter().for_each(|part| log.discard(part)),
                }
                done
            });
            committed.await.map_err(Fault::internal)??;
        }
        Ok(gone.into_iter().collect())
    }

    async fn count(&self, parts: Vec<Arc<Part>>, doomed: Expr) -> Result<BTreeMap<Id, u64>> {
        if parts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (context, store) = (self.engine.session(), self.engine.store());
        self.engine
            .work(async move {
                let table = Arc::new(EventsTable::new(parts, Reach::All, store));
                let counted = context
                    .read_table(table)
                    .and_then(|frame| frame.filter(doomed))
                    .and_then(|frame| frame.aggregate(vec![col("system")], vec![count(lit(1_i64)).alias("events")]))
                    .map_err(fault)?;
                let mut found = BTreeMap::new();
                for batch in counted.collect().await.map_err(fault)? {
                    let systems = batch.column_by_name("system").and_then(texts);
                    let events = batch.column_by_name("events").and_then(|c| c.as_primitive_opt::<Int64Type>());
                    let (Some(systems), Some(events)) = (systems, events) else {
                        return Err(Fault::internal("a count without its columns"));
                    };
                    for (system, events) in systems.flatten().zip(events.values()) {
                        let system = system.parse::<Id>().map_err(Fault::internal)?;
                        found.insert(system, u64::try_from(*events).unwrap_or(0));
                    }
                }
                Ok(found)
            })
            .await
    }

    /// A file of the other rows of this one, in their order.
    async fn without(&self, part: &Arc<Part>, doomed: &Expr, going: u64) -> Result<Part> {
        let context = self.engine.session();
        let state = context.state();
        let table = EventsTable::new(vec![Arc::clone(part)], Reach::All, self.engine.store());
        let columns = (0..FILE_SCHEMA.fields().len()).collect();
        let whole = table.as_stored(&state, columns).map_err(fault)?;
        let schema = datafusion::common::DFSchema::try_from(Arc::clone(&READ_SCHEMA)).map_err(fault)?;
        let keep = state.create_physical_expr(not(doomed.clone()), &schema).map_err(fault)?;
        let kept = FilterExecBuilder::new(keep, whole).build().map_err(fault)?;
        let mut stream = kept.execute(0, context.task_ctx()).map_err(fault)?;
        let mut writer = PartWriter::start(&self.tmp, part.day, self.ids.next(self.clock.now()), Stay::Long)?;
        let written = self.engine.work(async move {
            while let Some(batch) = stream.next().await {
                writer.push(&batch.map_err(fault)?)?;
            }
            Ok(writer)
        });
        let writer = written.await?;
        let (log, rows) = (Arc::clone(&self.log), part.rows - going);
        tokio::task::spawn_blocking(move || {
            let made = log.take(writer)?;
            if made.rows == rows {
                return Ok(made);
            }
            log.discard(&made);
            Err(Fault::internal(format!("{} rows are left of {rows}", made.rows)))
        })
        .await
        .map_err(Fault::internal)?
    }
}
