//! SQL that people write: one SELECT over `events`, and nothing else.
//!
//! A statement is refused three times over: by what it says (here, with a code of its own), by the session, which
//! knows no table but `events`, no table function and no file; and by its plan.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::JsonArray;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, Query, Select, SetExpr, Statement as Sql, TableFactor, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use futures::StreamExt;
use khien_base::ports::Rows;
use khien_base::{Fault, Kind, Result};
use serde_json::{Map, Value};

use crate::scan::EventsTable;

/// Characters of a statement.
const LENGTH: usize = 20_000;
/// Rows of one answer at most.
const ROWS: usize = 10_000;
/// Bytes of one answer in memory.
const BYTES: usize = 64 * 1024 * 1024;
/// Nesting that the parser follows.
const DEPTH: usize = 40;
/// The one table.
const TABLE: &str = "events";

/// Runs one statement.
pub(crate) async fn run(context: SessionContext, table: Arc<EventsTable>, text: String, limit: usize) -> Result<Rows> {
    if limit > ROWS {
        return Err(Fault::new(Kind::TooMany, "lake.rows").with("limit", ROWS));
    }
    let statement = parse(&text)?;
    context.register_table(TABLE, table).map_err(fault)?;
    let state = context.state();
    let plan = state.statement_to_plan(statement).await.map_err(fault)?;
    verify(&plan)?;
    let frame = DataFrame::new(state, plan).limit(0, Some(limit + 1)).map_err(fault)?;
    let plan = pausing(frame.create_physical_plan().await.map_err(fault)?)?;
    let mut stream = execute_stream(plan, context.task_ctx()).map_err(fault)?;
    let names = unique(&stream.schema());
    let schema = Arc::new(Schema::new(
        stream
            .schema()
            .fields()
            .iter()
            .zip(&names)
            .map(|(field, name)| Field::new(name, field.data_type().clone(), true))
            .collect::<Vec<_>>(),
    ));
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(fault)?;
        bytes += batch.get_array_memory_size();
        if bytes > BYTES {
            return Err(Fault::new(Kind::TooMany, "lake.answer-too-large").with("limit_bytes", BYTES));
        }
        let batch = RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()).map_err(Fault::internal)?;
        rows.extend(objects(&batch)?);
    }
    let truncated = rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { columns: names, rows, truncated })
}

/// Joins make many rows of few without reading anything, and so without a pause in which the query could be
/// ended; a pause is put above each of them. A join without an equality computes all pairs in one go, which no
/// pause reaches into: it is refused, unless one side is a single row.
fn pausing(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let mut refused = None;
    let paused = plan.transform_up(|node| {
        if matches!(node.name(), "CrossJoinExec" | "NestedLoopJoinExec") && !node.children().into_iter().any(single) {
            refused = Some(Fault::forbidden("lake.sql-join").on("sql"));
            return Ok(Transformed::new(node, false, TreeNodeRecursion::Stop));
        }
        let many = node.children().len() > 1 || node.name() == "UnnestExec";
        Ok(if many { Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<_>) } else { Transformed::no(node) })
    });
    let paused = paused.map_err(fault)?.data;
    refused.map_or(Ok(paused), Err)
}

/// Whether a plan surely gives one row at most: an aggregate over everything, whatever is done to its row.
fn single(plan: &Arc<dyn ExecutionPlan>) -> bool {
    const SAME_OR_FEWER: [&str; 7] = [
        "ProjectionExec",
        "FilterExec",
        "SortExec",
        "CoalescePartitionsExec",
        "RepartitionExec",
        "CooperativeExec",
        "GlobalLimitExec",
    ];
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        return aggregate.group_expr().is_empty() && *aggregate.mode() != AggregateMode::Partial;
    }
    match plan.children().as_slice() {
        [] => matches!(plan.name(), "EmptyExec" | "PlaceholderRowExec"),
        [only] => SAME_OR_FEWER.contains(&plan.name()) && single(only),
        _ => false,
    }
}

/// Column names, a repeated one numbered, so that no value hides another.
fn unique(schema: &Schema) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::new();
    for field in schema.fields() {
        let mut name = field.name().clone();
        let mut count = 1;
        while !taken.insert(name.clone()) {
            count += 1;
            name = format!("{}_{count}", field.name());
        }
        names.push(name);
    }
    names
}

fn objects(batch: &RecordBatch) -> Result<Vec<Map<String, Value>>> {
    if batch.num_columns() == 0 {
        return Ok(vec![Map::new(); batch.num_rows()]);
    }
    let unsupported = |e| Fault::invalid("lake.sql").with("message", e).on("sql");
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
    writer.write(batch).and_then(|()| writer.finish()).map_err(unsupported)?;
    let text = writer.into_inner();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&text).map_err(Fault::internal)
}

/// The statement, if it is one SELECT (or WITH … SELECT) over `events`.
fn parse(text: &str) -> Result<Statement> {
    if text.chars().count() > LENGTH {
        return Err(Fault::new(Kind::TooMany, "lake.sql-length").with("limit", LENGTH).on("sql"));
    }
    let mut statements = DFParserBuilder::new(text)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(DEPTH)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(fault)?;
    let refused = |what: &str| Fault::forbidden("lake.sql-only-select").with("found", what).on("sql");
    let Some(statement) = statements.pop_front() else { return Err(refused("")) };
    if !statements.is_empty() {
        return Err(Fault::forbidden("lake.sql-one-statement").with("found", statements.len() + 1).on("sql"));
    }
    let Statement::Statement(sql) = &statement else { return Err(refused(&first_word(text))) };
    let Sql::Query(_) = sql.as_ref() else { return Err(refused(&first_word(text))) };
    let mut names = Names::default();
    let _ = sql.visit(&mut names);
    let mut guard = Guard { names: names.0, refused: None };
    let _ = sql.visit(&mut guard);
    guard.refused.map_or(Ok(statement), Err)
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(40).collect()
}

fn plain(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// Names that WITH gives to its parts.
#[derive(Default)]
struct Names(HashSet<String>);

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let parts = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(parts.map(|part| plain(&part.alias.name)));
        ControlFlow::Continue(())
    }
}

/// Looks at every query, table and table factor of a statement, however deep.
struct Guard {
    names: HashSet<String>,
    refused: Option<Fault>,
}

impl Guard {
    fn refuse(&mut self, code: &'static str, found: impl std::fmt::Display) -> ControlFlow<()> {
        self.refused = Some(Fault::forbidden(code).with("found", found).on("sql"));
        ControlFlow::Break(())
    }
}

fn only_reads(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => true,
        SetExpr::SetOperation { left, right, .. } => only_reads(left) && only_reads(right),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) | SetExpr::Table(_) => false,
    }
}

impl Visitor for Guard {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if !only_reads(&query.body) || !query.locks.is_empty() || !query.pipe_operators.is_empty() {
            return self.refuse("lake.sql-only-select", "query");
        }
        if query.with.as_ref().is_some_and(|with| with.recursive) {
            return self.refuse("lake.sql-only-select", "RECURSIVE");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() {
            return self.refuse("lake.sql-only-select", "INTO");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = match relation.0.as_slice() {
            [one] => one.as_ident().map(plain),
            _ => None,
        };
        match name {
            Some(name) if name == TABLE || self.names.contains(&name) => ControlFlow::Continue(()),
            _ => self.refuse("lake.sql-table", relation),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { args: None, .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::UNNEST { .. } => ControlFlow::Continue(()),
            other => self.refuse("lake.sql-table", other),
        }
    }

    fn pre_visit_statement(&mut self, statement: &Sql) -> ControlFlow<()> {
        if matches!(statement, Sql::Query(_)) {
            return ControlFlow::Continue(());
        }
        self.refuse("lake.sql-only-select", first_word(&statement.to_string()))
    }
}

/// The plan must read `events` and do nothing but reading.
fn verify(plan: &LogicalPlan) -> Result<()> {
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(plan)
        .map_err(fault)?;
    let mut refused = None;
    plan.apply_with_subqueries(|node| {
        let found = match node {
            LogicalPlan::TableScan(scan) if scan.table_name.table() != TABLE => Some(scan.table_name.to_string()),
            LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::DescribeTable(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::RecursiveQuery(_)
            | LogicalPlan::Extension(_) => Some(node.display().to_string()),
            _ => None,
        };
        let Some(found) = found else { return Ok(TreeNodeRecursion::Continue) };
        refused = Some(Fault::forbidden("lake.sql-only-select").with("found", found).on("sql"));
        Ok(TreeNodeRecursion::Stop)
    })
    .map_err(fault)?;
    refused.map_or(Ok(()), Err)
}

/// What is wrong with a statement, in the engine's words, with the line and column where it says them.
fn fault(error: DataFusionError) -> Fault {
    let ours = matches!(
        error.find_root(),
        DataFusionError::ObjectStore(_)
            | DataFusionError::IoError(_)
            | DataFusionError::ParquetError(_)
            | DataFusionError::Internal(_)
    );
    if ours || crate::engine::exhausted(&error) {
        return crate::engine::fault(error);
    }
    let message: String = error.strip_backtrace().chars().take(500).collect();
    let place = error.diagnostic().and_then(|said| said.span).map(|span| (span.start.line, span.start.column));
    let place = place.or_else(|| said_place(&message));
    let fault = Fault::invalid("lake.sql").on("sql").with("message", message);
    match place {
        Some((line, column)) => fault.with("line", line).with("column", column),
        None => fault,
    }
}

/// The place that a parser's message ends with: `… at Line: 1, Column: 8`.
fn said_place(message: &str) -> Option<(u64, u64)> {
    let number = |text: &str| -> Option<u64> {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let (_, line) = message.rsplit_once("Line: ")?;
    let (_, column) = message.rsplit_once("Column: ")?;
    Some((number(line)?, number(column)?))
}
