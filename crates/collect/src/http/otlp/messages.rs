//! What OTLP says of logs, in protobuf and in JSON. Field numbers and names: opentelemetry-proto 1.x, `common/v1`,
//! `resource/v1`, `logs/v1`, `collector/logs/v1`; JSON as OTLP 1.x says, "JSON Protobuf Encoding" (names in camel case,
//! identities in hexadecimal, 64-bit numbers as texts or numbers).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

/// A value of any kind.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
pub struct AnyValue {
    /// The value; none says nothing.
    #[serde(flatten)]
    #[prost(oneof = "Any", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub value: Option<Any>,
}

/// Kinds of values.
#[derive(Clone, PartialEq, prost::Oneof, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Any {
    /// Text.
    #[prost(string, tag = "1")]
    StringValue(String),
    /// Yes or no.
    #[prost(bool, tag = "2")]
    BoolValue(bool),
    /// A whole number.
    #[prost(int64, tag = "3")]
    IntValue(#[serde(deserialize_with = "whole")] i64),
    /// A number.
    #[prost(double, tag = "4")]
    DoubleValue(f64),
    /// A list.
    #[prost(message, tag = "5")]
    ArrayValue(List),
    /// Names and values.
    #[prost(message, tag = "6")]
    KvlistValue(Pairs),
    /// Bytes.
    #[prost(bytes, tag = "7")]
    BytesValue(#[serde(deserialize_with = "base64")] Vec<u8>),
}

/// A list of values.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct List {
    /// The values.
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<AnyValue>,
}

/// Names and values.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Pairs {
    /// The pairs.
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Pair>,
}

/// A name and its value.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Pair {
    /// The name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

/// What made the records: a machine, a service.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Resource {
    /// What it says of itself.
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<Pair>,
}

/// The library that made the records.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its version.
    #[prost(string, tag = "2")]
    pub version: String,
    /// What it says of itself.
    #[prost(message, repeated, tag = "3")]
    pub attributes: Vec<Pair>,
}

/// A record.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LogRecord {
    /// When it happened, nanoseconds since 1970; 0 is unknown.
    #[serde(deserialize_with = "whole")]
    #[prost(fixed64, tag = "1")]
    pub time_unix_nano: u64,
    /// When the collector saw it.
    #[serde(deserialize_with = "whole")]
    #[prost(fixed64, tag = "11")]
    pub observed_time_unix_nano: u64,
    /// 1 (trace) to 24 (fatal); 0 is unknown.
    #[prost(int32, tag = "2")]
    pub severity_number: i32,
    /// The source's own word.
    #[prost(string, tag = "3")]
    pub severity_text: String,
    /// What it says.
    #[prost(message, optional, tag = "5")]
    pub body: Option<AnyValue>,
    /// What it says besides.
    #[prost(message, repeated, tag = "6")]
    pub attributes: Vec<Pair>,
    /// The trace.
    #[serde(deserialize_with = "hexadecimal")]
    #[prost(bytes = "vec", tag = "9")]
    pub trace_id: Vec<u8>,
    /// The span.
    #[serde(deserialize_with = "hexadecimal")]
    #[prost(bytes = "vec", tag = "10")]
    pub span_id: Vec<u8>,
    /// The name of the kind of event.
    #[prost(string, tag = "12")]
    pub event_name: String,
}

/// A request in JSON. In protobuf it is walked through instead: see [`super::wire`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Request {
    /// Records by resource.
    pub resource_logs: Vec<ResourceLogs>,
}

/// Records of a resource.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceLogs {
    /// The resource.
    pub resource: Option<Resource>,
    /// Its records by scope.
    pub scope_logs: Vec<ScopeLogs>,
}

/// Records of a scope.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ScopeLogs {
    /// The scope.
    pub scope: Option<Scope>,
    /// Its records.
    pub log_records: Vec<LogRecord>,
}

/// The answer: how many were refused, and why.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Response {
    /// None when all were taken.
    #[prost(message, optional, tag = "1")]
    pub partial_success: Option<PartialSuccess>,
}

/// Some records were refused.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PartialSuccess {
    /// How many.
    #[prost(int64, tag = "1")]
    pub rejected_log_records: i64,
    /// Why.
    #[prost(string, tag = "2")]
    pub error_message: String,
}

/// A 64-bit number, as a text or as a number.
fn whole<'de, D: Deserializer<'de>, T: TryFrom<i128>>(from: D) -> Result<T, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Unsigned(u64),
        Signed(i64),
        Text(String),
    }
    let number = match Said::deserialize(from)? {
        Said::Unsigned(number) => i128::from(number),
        Said::Signed(number) => i128::from(number),
        Said::Text(text) => text.trim().parse().map_err(serde::de::Error::custom)?,
    };
    T::try_from(number).map_err(|_| serde::de::Error::custom("a number out of range"))
}

fn base64<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn hexadecimal<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    hex::decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
}

/// Names and values as an object; of a name that comes twice the last counts.
pub fn object(pairs: Vec<Pair>) -> Map<String, Value> {
    pairs.into_iter().map(|pair| (pair.key, pair.value.map_or(Value::Null, value))).collect()
}

/// A value as JSON; bytes in base64.
pub fn value(any: AnyValue) -> Value {
    match any.value {
        None => Value::Null,
        Some(Any::StringValue(text)) => Value::String(text),
        Some(Any::BoolValue(yes)) => Value::Bool(yes),
        Some(Any::IntValue(number)) => Value::from(number),
        Some(Any::DoubleValue(number)) => {
            Number::from_f64(number).map_or_else(|| Value::from(number.to_string()), Value::Number)
        }
        Some(Any::ArrayValue(list)) => Value::Array(list.values.into_iter().map(value).collect()),
        Some(Any::KvlistValue(pairs)) => Value::Object(object(pairs.values)),
        Some(Any::BytesValue(bytes)) => Value::String(STANDARD.encode(bytes)),
    }
}
