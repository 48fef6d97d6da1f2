//! Functions of the engine that only searches use: tests of texts and of the fields of the source's own. No statement of a
//! person can name them.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, BooleanArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use khien_base::filter::{Test, json_values};

fn texts() -> Signature {
    Signature::exact(vec![DataType::Utf8], Volatility::Immutable)
}

/// The one argument as a column of text.
fn argument(args: &ScalarFunctionArgs) -> Result<StringArray> {
    let wrong = || DataFusionError::Internal("a test of a text is given something else".into());
    let array = args.args.first().ok_or_else(wrong)?.to_array(args.number_rows)?;
    array.as_string_opt::<i32>().cloned().ok_or_else(wrong)
}

fn answer(texts: &StringArray, passes: impl Fn(&str) -> bool) -> ColumnarValue {
    let passed = texts.iter().map(|text| text.is_some_and(&passes));
    ColumnarValue::Array(Arc::new(passed.collect::<Vec<bool>>().into_iter().map(Some).collect::<BooleanArray>()))
}

/// Whether a text passes a test.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct TextPasses {
    test: Test,
    signature: Signature,
}

impl TextPasses {
    pub(crate) fn new(test: Test) -> Self {
        Self { test, signature: texts() }
    }
}

impl ScalarUDFImpl for TextPasses {
    fn name(&self) -> &'static str {
        "text_passes"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(answer(&argument(&args)?, |text| self.test.holds(text)))
    }
}

/// Whether a field of the source's own passes a test, given the fields as JSON text.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct FieldPasses {
    field: String,
    test: Test,
    signature: Signature,
}

impl FieldPasses {
    pub(crate) fn new(field: String, test: Test) -> Self {
        Self { field, test, signature: texts() }
    }
}

impl ScalarUDFImpl for FieldPasses {
    fn name(&self) -> &'static str {
        "field_passes"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let passes = |fields: &str| {
            let mut passed = false;
            json_values(fields, &self.field, &mut |value| {
                passed = self.test.holds(value);
                passed
            });
            passed
        };
        Ok(answer(&argument(&args)?, passes))
    }
}

/// The first value of a field of the source's own, given the fields as JSON text.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct FirstValue {
    field: String,
    signature: Signature,
}

impl FirstValue {
    pub(crate) fn new(field: String) -> Self {
        Self { field, signature: texts() }
    }
}

impl ScalarUDFImpl for FirstValue {
    fn name(&self) -> &'static str {
        "first_value_of_field"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let first = |fields: &str| {
            let mut found = None;
            json_values(fields, &self.field, &mut |value| {
                found = Some(value.to_owned());
                true
            });
            found
        };
        let values = argument(&args)?.iter().map(|fields| fields.and_then(first)).collect::<StringArray>();
        Ok(ColumnarValue::Array(Arc::new(values)))
    }
}
