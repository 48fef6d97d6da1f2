//! The table `events` as DataFusion sees it: exactly the files of one version and the hot tail behind it, cut down to
//! a reach.
//!
//! Fields that a file tells by their shape are put together above the reading of files, and only where they are
//! asked for.
//!
//! **Invariant:** whose events a query may see is decided in [`EventsTable::scan`], the lowest place there is,
//! so that no statement, view or alias above it can widen it.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray,
    UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{
    Column, ColumnStatistics, DFSchema, ScalarValue, Statistics, internal_datafusion_err, project_schema,
};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetRowSelection};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result as Outcome;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{self, Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::expressions::{col, in_list, lit};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use khien_base::Reach;

use crate::columns::{DAY, DAY_FIELD, FIELDS, FILE_SCHEMA, RAW, READ_SCHEMA, SHAPE, TABLE_SCHEMA, VIEW_SCHEMA};
use crate::fields;
use crate::part::Part;
use crate::skip::{Chosen, FOOTER, Question, narrowed};
use crate::stage::file_name;
use crate::tail::Fresh;
use crate::times::{TIMES, is_of_time, within};

/// The files of one version, and what is not yet in it, within a reach.
#[derive(Debug)]
pub(crate) struct EventsTable {
    parts: Vec<Arc<Part>>,
    fresh: Fresh,
    reach: Reach,
    store: ObjectStoreUrl,
    staged: ObjectStoreUrl,
}

/// Files for each core below which they are read in pieces.
const FEW: usize = 8;
/// Bytes of a file that is worth to be read in pieces.
const LARGE: i64 = 4 * 1024 * 1024;

/// Where a file lies in its store.
type Place = fn(&Part) -> &str;
/// A store, and where files lie in it.
type Places<'s> = (&'s ObjectStoreUrl, Place);

fn micros(at: i64) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(at), Some("UTC".into()))
}

/// A moment as conditions on the table's times have it.
pub(crate) fn moment(at: DateTime<Utc>) -> Expr {
    logical_expr::lit(micros(at.timestamp_micros()))
}

/// Days since 1970, as Arrow counts them.
pub(crate) fn days(part: &Part) -> i32 {
    part.day.num_days_from_ce() - 719_163
}

impl EventsTable {
    /// A table of these files.
    pub(crate) fn new(mut parts: Vec<Arc<Part>>, reach: Reach, store: ObjectStoreUrl) -> Self {
        // Newest first: once a search for the newest rows has its fill, the files that follow are passed over.
        parts.sort_by_key(|part| std::cmp::Reverse(part.times.1));
        let staged = store.clone();
        Self { parts, fresh: Fresh::default(), reach, store, staged }
    }

    /// The same with the events that are not yet in the table; their files lie in the store `staged`.
    pub(crate) fn with(self, fresh: Fresh, staged: ObjectStoreUrl) -> Self {
        Self { fresh, staged, ..self }
    }

    /// The files that filters leave.
    fn prune(state: &dyn Session, parts: Vec<Arc<Part>>, filters: &[Expr]) -> Outcome<Vec<Arc<Part>>> {
        let Some(filter) = conjunction(filters.to_vec()) else { return Ok(parts) };
        let schema = DFSchema::try_from(Arc::clone(&TABLE_SCHEMA))?;
        let filter = state.create_physical_expr(filter, &schema)?;
        // A filter that statistics say nothing about keeps every file.
        let Ok(predicate) =
            PruningPredicateBuilder::new().with_file_schema(Arc::clone(&TABLE_SCHEMA)).try_build(filter)
        else {
            return Ok(parts);
        };
        let kept = predicate.prune(&PartStatistics(&parts))?;
        Ok(parts.into_iter().zip(kept).filter(|(_, keep)| *keep).map(|(part, _)| part).collect())
    }

    /// The files that filters leave, and of each the rows that they may find.
    async fn chosen(
        state: &dyn Session,
        (url, place): Places<'_>,
        parts: Vec<Arc<Part>>,
        filters: &[Expr],
    ) -> Outcome<Vec<Chosen>> {
        let parts = Self::prune(state, parts, filters)?;
        let Some(question) = Question::of(filters) else { return Ok(whole(&parts)) };
        let store = state.runtime_env().object_store(url)?;
        narrowed(state, &store, parts, &question, |part| file(part, place)).await
    }

    /// The plan that reads these columns of all that filters may leave, without what is out of their time; `None` when
    /// that is nothing.
    async fn everything(
        &self,
        state: &dyn Session,
        columns: &[&str],
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Outcome<Option<Arc<dyn ExecutionPlan>>> {
        let timed: Vec<Expr> = filters.iter().filter(|filter| is_of_time(filter)).cloned().collect();
        let bare = places(columns)?;
        let mut with_time = columns.to_vec();
        with_time.extend(TIMES.into_iter().filter(|name| !columns.contains(name)));
        let with_time = if timed.is_empty() { bare.clone() } else { places(&with_time)? };
        let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !self.fresh.chunks.is_empty() {
            let schema = project_schema(&VIEW_SCHEMA, Some(&with_time))?;
            let newest_first = self.fresh.chunks.iter().rev().map(|chunk| viewed(&chunk.rows, &schema));
            let newest_first = newest_first.collect::<Outcome<Vec<_>>>()?;
            let rows = MemorySourceConfig::try_new_exec(&[newest_first], schema, None)?;
            plans.push(cut(state, rows, &timed, columns.len())?);
        }
        let places: [(Places<'_>, Vec<Arc<Part>>); 2] = [
            ((&self.staged, file_name), self.fresh.parts().cloned().collect()),
            ((&self.store, path), self.parts.clone()),
        ];
        for (place, parts) in places {
            let chosen = Self::chosen(state, place, parts, filters).await?;
            let (whole, edge): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|chosen| within(&chosen.part, &timed));
            if !edge.is_empty() {
                let rows = read(state, &VIEW_SCHEMA, place, &edge, Some(with_time.clone()), limit, false)?;
                plans.push(cut(state, rows, &timed, columns.len())?);
            }
            if !whole.is_empty() {
                plans.push(read(state, &VIEW_SCHEMA, place, &whole, Some(bare.clone()), limit, false)?);
            }
        }
        if plans.is_empty() { Ok(None) } else { UnionExec::try_new(plans).map(Some) }
    }

    /// The plan that reads these columns of [`READ_SCHEMA`] of all files, each a group of its own, as files hold them.
    pub(crate) fn as_stored(&self, state: &dyn Session, columns: Vec<usize>) -> Outcome<Arc<dyn ExecutionPlan>> {
        read(state, &READ_SCHEMA, (&self.store, path), &whole(&self.parts), Some(columns), None, true)
    }
}

/// Where these columns stand in what is read of files.
fn places(columns: &[&str]) -> Outcome<Vec<usize>> {
    columns.iter().map(|name| Ok(VIEW_SCHEMA.index_of(name)?)).collect()
}

/// The rows that pass conditions on their time, with their first columns only.
fn cut(
    state: &dyn Session,
    rows: Arc<dyn ExecutionPlan>,
    timed: &[Expr],
    columns: usize,
) -> Outcome<Arc<dyn ExecutionPlan>> {
    let Some(condition) = conjunction(timed.to_vec()) else { return Ok(rows) };
    let condition = state.create_physical_expr(condition, &DFSchema::try_from(rows.schema())?)?;
    let first = (0..columns).collect();
    Ok(Arc::new(FilterExecBuilder::new(condition, rows).apply_projection(Some(first))?.build()?))
}

/// The files with all their rows.
fn whole(parts: &[Arc<Part>]) -> Vec<Chosen> {
    parts.iter().map(|part| Chosen { part: Arc::clone(part), rows: None }).collect()
}

/// The plan that reads these columns of a schema of these files: each a group of its own if `apart`, else dealt over the
/// machine's cores.
fn read(
    state: &dyn Session,
    seen: &SchemaRef,
    (url, place): Places<'_>,
    parts: &[Chosen],
    columns: Option<Vec<usize>>,
    limit: Option<usize>,
    apart: bool,
) -> Outcome<Arc<dyn ExecutionPlan>> {
    let cores = state.config().target_partitions().max(1);
    let files: Vec<PartitionedFile> = parts.iter().map(|chosen| chosen.file(place)).collect();
    let files: Vec<FileGroup> = if apart {
        files.into_iter().map(|file| FileGroup::new(vec![file])).collect()
    } else {
        dealt(if parts.len() < cores * FEW { split(files, cores) } else { files }, cores)
    };
    let runtime = state.runtime_env();
    let store = runtime.object_store(url)?;
    let cache = runtime.cache_manager.get_file_metadata_cache();
    let options =
        TableParquetOptions { global: state.config_options().execution.parquet.clone(), ..Default::default() };
    // The day stands last, and in no file.
    let in_files = seen.project(&(0..FILE_SCHEMA.fields().len()).collect::<Vec<_>>())?;
    let schema =
        TableSchema::builder(Arc::new(in_files)).with_table_partition_cols(vec![Arc::clone(&DAY_FIELD)]).build();
    let source = ParquetSource::new(schema)
        .with_table_parquet_options(options)
        .with_metadata_size_hint(FOOTER)
        .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(store, cache)));
    let mut whole = Statistics::new_unknown(seen);
    whole.num_rows = Precision::Exact(parts.iter().map(|chosen| usize::try_from(chosen.part.rows).unwrap_or(0)).sum());
    let config = FileScanConfigBuilder::new(url.clone(), Arc::new(source))
        .with_file_groups(files)
        .with_statistics(whole)
        .with_projection_indices(columns)?
        .with_limit(limit)
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

/// Files in turns to each of so many groups.
fn dealt(files: Vec<PartitionedFile>, groups: usize) -> Vec<FileGroup> {
    let mut dealt = vec![Vec::new(); groups.min(files.len())];
    for (at, file) in files.into_iter().enumerate() {
        if let Some(group) = dealt.get_mut(at % groups) {
            group.push(file);
        }
    }
    dealt.into_iter().map(FileGroup::new).collect()
}

/// Large files in so many pieces each, so that a few of them keep all cores busy. A row group is of the piece in which
/// its middle lies.
fn split(files: Vec<PartitionedFile>, pieces: usize) -> Vec<PartitionedFile> {
    let pieces = i64::try_from(pieces).unwrap_or(1);
    let pieces_of = |file: PartitionedFile| {
        let size = i64::try_from(file.object_meta.size).unwrap_or(i64::MAX);
        let pieces = if size < LARGE { 1 } else { pieces };
        let end = move |piece: i64| if piece == pieces { size } else { size / pieces * piece };
        (0..pieces).map(move |piece| file.clone().with_range(end(piece), end(piece + 1)))
    };
    files.into_iter().flat_map(pieces_of).collect()
}

fn path(part: &Part) -> &str {
    &part.path
}

/// Columns of a batch as a schema has them.
fn viewed(batch: &RecordBatch, schema: &SchemaRef) -> Outcome<RecordBatch> {
    let columns = schema.fields().iter().map(|field| {
        let column =
            batch.column_by_name(field.name()).ok_or_else(|| internal_datafusion_err!("no {}", field.name()))?;
        // A view shares the bytes of the texts.
        Ok(if column.data_type() == field.data_type() { Arc::clone(column) } else { cast(column, field.data_type())? })
    });
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns = columns.collect::<Outcome<Vec<_>>>()?;
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

impl Chosen {
    fn file(&self, place: Place) -> PartitionedFile {
        let file = file(&self.part, place);
        match &self.rows {
            Some(rows) => file.with_extension(ParquetRowSelection::new(rows.clone())),
            None => file,
        }
    }
}

fn file(part: &Part, place: Place) -> PartitionedFile {
    let mut statistics = Statistics::new_unknown(&FILE_SCHEMA);
    statistics.num_rows = Precision::Exact(usize::try_from(part.rows).unwrap_or(0));
    for (field, column) in FILE_SCHEMA.fields().iter().zip(&mut statistics.column_statistics) {
        if field.name() == "time" && part.times.0 != i64::MIN && part.times.1 != i64::MAX {
            *column = ColumnStatistics {
                null_count: Precision::Exact(0),
                min_value: Precision::Exact(micros(part.times.0)),
                max_value: Precision::Exact(micros(part.times.1)),
                ..ColumnStatistics::new_unknown()
            };
        }
    }
    PartitionedFile::new(place(part), part.size)
        .with_partition_values(vec![ScalarValue::Date32(Some(days(part)))])
        .with_statistics(Arc::new(statistics))
}

#[async_trait::async_trait]
impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&TABLE_SCHEMA)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Outcome<Vec<TableProviderFilterPushDown>> {
        // Files are chosen by the filters here; the engine then moves them into the reading of each file. Those on the
        // time alone are seen to here, since most files lie wholly within them.
        let kind = |filter: &&Expr| match is_of_time(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(kind).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Outcome<Arc<dyn ExecutionPlan>> {
        let empty = |schema| Ok(Arc::new(EmptyExec::new(schema)) as Arc<dyn ExecutionPlan>);
        if self.reach == Reach::nothing() {
            return empty(project_schema(&TABLE_SCHEMA, projection)?);
        }
        let wanted = match projection {
            Some(wanted) => wanted.iter().map(|at| TABLE_SCHEMA.field(*at).name().as_str()).collect(),
            None => TABLE_SCHEMA.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(),
        };
        let needed = self.needed(&wanted);
        let limit = limit.filter(|_| filters.is_empty() && self.reach == Reach::All);
        match self.everything(state, &needed, filters, limit).await? {
            Some(input) => self.seen(state, input, &wanted),
            None => empty(project_schema(&TABLE_SCHEMA, projection)?),
        }
    }
}

impl EventsTable {
    /// What must be read of the files, so that these columns of the table can be given.
    fn needed<'n>(&self, wanted: &[&'n str]) -> Vec<&'n str> {
        let mut needed = wanted.to_vec();
        let unit = matches!(self.reach, Reach::Units(_)).then_some("unit");
        let parts = wanted.contains(&FIELDS).then_some([SHAPE, RAW]);
        for name in unit.into_iter().chain(parts.into_iter().flatten()) {
            if !needed.contains(&name) {
                needed.push(name);
            }
        }
        needed
    }

    /// Cuts what was read down to the reach and to the columns that were asked for.
    fn seen(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        wanted: &[&str],
    ) -> Outcome<Arc<dyn ExecutionPlan>> {
        let schema = input.schema();
        let within = match &self.reach {
            Reach::All => input,
            Reach::Units(units) => {
                let mut units: Vec<String> = units.iter().map(ToString::to_string).collect();
                units.sort();
                let unit = |unit| lit(ScalarValue::Utf8View(Some(unit)));
                let within = in_list(col("unit", &schema)?, units.into_iter().map(unit).collect(), &false, &schema)?;
                Arc::new(FilterExecBuilder::new(within, input).build()?)
            }
        };
        if schema.fields().len() == wanted.len() {
            return Ok(within);
        }
        let options = Arc::clone(state.config().options());
        let expressions = wanted.iter().map(|name| {
            let expression: Arc<dyn PhysicalExpr> = if *name == FIELDS {
                let of =
                    [FIELDS, SHAPE, RAW].into_iter().map(|name| col(name, &schema)).collect::<Outcome<Vec<_>>>()?;
                let full = Arc::new(fields::full_fields());
                Arc::new(ScalarFunctionExpr::try_new(full, of, &schema, Arc::clone(&options))?)
            } else {
                col(name, &schema)?
            };
            Ok((expression, (*name).to_owned()))
        });
        Ok(Arc::new(ProjectionExec::try_new(expressions.collect::<Outcome<Vec<_>>>()?, within)?))
    }
}

/// What the log says of each file, for passing over those that cannot match.
struct PartStatistics<'a>(&'a [Arc<Part>]);

impl PartStatistics<'_> {
    fn bound(&self, column: &Column, upper: bool) -> Option<ArrayRef> {
        let pick = |pair: (i64, i64)| if upper { pair.1 } else { pair.0 };
        match column.name.as_str() {
            "time" => {
                let values = self.0.iter().map(|part| pick(part.times));
                Some(Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC")))
            }
            "id" => {
                let values = self.0.iter().map(|part| if upper { part.ids.1 } else { part.ids.0 }.to_string());
                Some(Arc::new(StringArray::from_iter_values(values)))
            }
            DAY => Some(Arc::new(Date32Array::from_iter_values(self.0.iter().map(|part| days(part))))),
            _ => None,
        }
    }
}

impl PruningStatistics for PartStatistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, true)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.0.iter().map(|part| part.rows))))
    }

    fn contained(&self, _: &Column, _: &std::collections::HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
