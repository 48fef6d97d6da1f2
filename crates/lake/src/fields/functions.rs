//! Fields inside queries: what the table computes them with, and `field(fields, 'Name')` for statements.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::error::Result as Outcome;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use khien_base::filter::json_values;
use khien_base::{Fault, Result};

use super::{full, shape};
use crate::columns::{FIELDS, RAW, SHAPE};

/// `field(fields, name)`: the first value of the field that the source calls `name`, as text.
pub(crate) fn field() -> ScalarUDF {
    ScalarUDF::new_from_impl(Function::new("field", 2, |values| match values {
        [Some(fields), Some(name)] => {
            let mut found = None;
            json_values(fields, name, &mut |value| {
                found = Some(value.to_owned());
                true
            });
            found
        }
        _ => None,
    }))
}

/// The fields in full out of a file's `fields`, `shape` and `raw`.
pub(crate) fn full_fields() -> ScalarUDF {
    ScalarUDF::new_from_impl(Function::new("full_fields", 3, |values| match values {
        [_, Some(shape), Some(raw)] => full(shape, raw),
        [Some(fields), ..] => Some((*fields).to_owned()),
        _ => None,
    }))
}

/// A batch of a file's columns in which fields that stand in full, as older versions wrote them, are told by their shape
/// where they can be.
pub(crate) fn shaped(batch: &RecordBatch) -> Result<RecordBatch> {
    let at = |name| batch.schema().index_of(name).map_err(Fault::internal);
    let text = |at: usize| {
        let column = batch.columns().get(at).and_then(|column| column.as_string_opt::<i32>());
        column.ok_or_else(|| Fault::internal("a file's texts are no texts"))
    };
    let (fields_at, shape_at) = (at(FIELDS)?, at(SHAPE)?);
    let (fields, shapes, raw) = (text(fields_at)?, text(shape_at)?, text(at(RAW)?)?);
    if fields.null_count() == fields.len() {
        return Ok(batch.clone());
    }
    let mut kept = StringBuilder::with_capacity(batch.num_rows(), 1_024);
    let mut told = StringBuilder::with_capacity(batch.num_rows(), batch.num_rows() * 512);
    for ((fields, known), raw) in fields.iter().zip(shapes).zip(raw) {
        let made = match (fields, known, raw) {
            (Some(fields), None, Some(raw)) => shape(fields, raw),
            _ => None,
        };
        kept.append_option(fields.filter(|_| made.is_none()));
        told.append_option(made.as_deref().or(known));
    }
    let mut columns = batch.columns().to_vec();
    for (at, made) in [(fields_at, kept), (shape_at, told)] {
        let mut made = made;
        if let Some(column) = columns.get_mut(at) {
            *column = Arc::new(made.finish());
        }
    }
    RecordBatch::try_new(batch.schema(), columns).map_err(Fault::internal)
}

/// A function from texts to a text, each of which may be missing.
struct Function {
    name: &'static str,
    signature: Signature,
    of: fn(&[Option<&str>]) -> Option<String>,
}

impl Function {
    fn new(name: &'static str, arguments: usize, of: fn(&[Option<&str>]) -> Option<String>) -> Self {
        Self { name, signature: Signature::exact(vec![DataType::Utf8; arguments], Volatility::Immutable), of }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl std::hash::Hash for Function {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Outcome<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Outcome<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let texts = arrays.iter().map(|array| as_string_array(array)).collect::<Outcome<Vec<_>>>()?;
        let rows = arrays.first().map_or(args.number_rows, Array::len);
        let mut out = StringBuilder::with_capacity(rows, rows * 64);
        let mut values = Vec::with_capacity(texts.len());
        for row in 0..rows {
            values.clear();
            values.extend(texts.iter().map(|array| array.is_valid(row).then(|| array.value(row))));
            out.append_option((self.of)(&values));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish()) as ArrayRef))
    }
}
