//! Items: a field, its modifiers and the values that it is compared with.

use std::collections::{BTreeMap, HashMap};

use ipnet::IpNet;

use crate::expression::Expression;
use crate::fault::{At, Faults, quoted};
use crate::limits;
use crate::modifier::{self, Chain, ChainFault, Compared, Order, Step, TimePart};
use crate::number::Number;
use crate::text::{Pattern, Token, tokens};
use crate::yaml::{Key, Kind, Node, Scalar};

/// Values of placeholders by their names without percent signs; they may hold wildcards.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// One comparison.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Text(Pattern),
    Number(Number),
    Bool(bool),
    /// The field is absent or null.
    Null,
    Regex(Expression),
    Network(IpNet),
    Exists(bool),
    Order(Order, Number),
    /// Compared with another field of the record.
    Field {
        field: usize,
        starts: bool,
        ends: bool,
        cased: bool,
    },
    /// A part of the time that the field holds.
    Time(TimePart, Option<Order>, i64),
}

/// A value as it was written, and the tests of which any may hold.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) written: String,
    pub(crate) tests: Vec<Test>,
}

/// `field|modifiers: values`.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Position among the field names of the rule set; `None` searches the whole record.
    pub(crate) field: Option<usize>,
    pub(crate) values: Vec<Expected>,
    /// Whether all values must match instead of any.
    pub(crate) all: bool,
    /// Whether none may match.
    pub(crate) negated: bool,
}

/// The names of all fields that the rules of a set ask for; a field is its position here.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldNames {
    names: Vec<String>,
    positions: HashMap<String, usize>,
}

impl FieldNames {
    pub(crate) fn position(&mut self, name: &str) -> usize {
        if let Some(position) = self.positions.get(name) {
            return *position;
        }
        self.names.push(name.to_owned());
        self.positions.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    pub(crate) fn name(&self, position: usize) -> &str {
        self.names.get(position).map_or("", String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

/// What is needed to read the items of one rule.
pub(crate) struct Reading<'r, 's> {
    pub(crate) faults: &'r mut Faults<'s>,
    pub(crate) fields: &'r mut FieldNames,
    pub(crate) placeholders: &'r Placeholders,
    /// Values so far, against [`limits::VALUES`].
    pub(crate) values: usize,
}

/// Reads `key: node`; `None` when a fault was reported.
pub(crate) fn read(key: &Key, node: &Node, reading: &mut Reading<'_, '_>) -> Option<Item> {
    let mut parts = key.text.split('|');
    let name = parts.next().unwrap_or_default();
    let chain = match Chain::read(parts) {
        Ok(chain) => chain,
        Err((code, what, mend)) => {
            reading.faults.report(code, key.at, what, mend);
            return None;
        }
    };
    if name.is_empty() && !keyless(&chain) {
        let what = "These modifiers need the name of a field.";
        reading.faults.report("detect.field-missing", key.at, what, "Write the field before the first |.");
        return None;
    }
    let field = (!name.is_empty()).then(|| reading.fields.position(name));
    let values = match &node.kind {
        Kind::List(nodes) if nodes.is_empty() => {
            let what = "The list of values is empty.";
            let mend = "Write a value, `null` for an absent field or '' for an empty one.";
            reading.faults.report("detect.values-missing", node.at, what, mend);
            return None;
        }
        Kind::List(nodes) => list(nodes, field, &chain, reading)?,
        _ => vec![value(node, field, &chain, reading)?],
    };
    Some(Item { field, values, all: chain.all, negated: chain.negated })
}

/// Values without a field, searched for in the whole record: any of them must occur.
pub(crate) fn keywords(nodes: &[(usize, &Node)], reading: &mut Reading<'_, '_>) -> Option<Item> {
    let chain = Chain::read(std::iter::empty()).ok()?;
    let mut values = Vec::with_capacity(nodes.len());
    for (position, node) in nodes {
        values.push(at_step(*position, reading, |r| value(node, None, &chain, r)));
    }
    let values = values.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Item { field: None, values, all: false, negated: false })
}

/// Whether a chain can be used without a field.
fn keyless(chain: &Chain) -> bool {
    matches!(chain.compared, Compared::Plain | Compared::Regex) && chain.time.is_none()
}

/// All values of a list; every fault of the list is reported before it is given up.
fn list(nodes: &[Node], field: Option<usize>, chain: &Chain, reading: &mut Reading<'_, '_>) -> Option<Vec<Expected>> {
    let mut found = Vec::with_capacity(nodes.len());
    for (position, node) in nodes.iter().enumerate() {
        found.push(at_step(position, reading, |r| value(node, field, chain, r)));
    }
    found.into_iter().collect()
}

/// Does `work` with `[position]` added to the path of its faults.
pub(crate) fn at_step<T>(
    position: usize,
    reading: &mut Reading<'_, '_>,
    work: impl FnOnce(&mut Reading<'_, '_>) -> T,
) -> T {
    step(&format!("[{position}]"), reading, work)
}

/// Does `work` with `name` added to the path of its faults.
pub(crate) fn step<T>(name: &str, reading: &mut Reading<'_, '_>, work: impl FnOnce(&mut Reading<'_, '_>) -> T) -> T {
    let Reading { faults, fields, placeholders, values } = reading;
    let mut count = *values;
    let result = faults.within(name, |faults| {
        let mut inner = Reading { faults, fields, placeholders, values: count };
        let result = work(&mut inner);
        count = inner.values;
        result
    });
    reading.values = count;
    result
}

fn value(node: &Node, field: Option<usize>, chain: &Chain, reading: &mut Reading<'_, '_>) -> Option<Expected> {
    let Some(scalar) = node.scalar() else {
        let what = format!("{} stands where a value is expected.", capital(node.name()));
        reading.faults.report("detect.value-type", node.at, what, "Write text, a number, true, false or null.");
        return None;
    };
    let text = node.text().unwrap_or_default();
    match tests(scalar, text, field, chain, reading) {
        Ok(tests) => {
            let weigh = |t: &Test| if matches!(t, Test::Regex(_)) { limits::REGEX_WEIGHT } else { 1 };
            reading.values += tests.iter().map(weigh).sum::<usize>();
            if reading.values > limits::VALUES {
                let (most, weight) = (limits::VALUES, limits::REGEX_WEIGHT);
                let what = format!("The rule has more than {most} values, a regular expression counted as {weight}.");
                reading.faults.report("detect.too-many-values", node.at, what, "Split it into several rules.");
                return None;
            }
            Some(Expected { written: text.to_owned(), tests })
        }
        Err((code, what, mend)) => {
            reading.faults.report_with(code, node.at, what, mend, vec![("value", text.chars().take(200).collect())]);
            None
        }
    }
}

fn tests(
    scalar: Scalar<'_>,
    text: &str,
    field: Option<usize>,
    chain: &Chain,
    reading: &mut Reading<'_, '_>,
) -> Result<Vec<Test>, ChainFault> {
    let order = if let Compared::Order(order) = chain.compared { Some(order) } else { None };
    if let Some(part) = chain.time {
        return match scalar {
            Scalar::Integer(n) => Ok(vec![Test::Time(part, order, n)]),
            _ => Err(wrong_type("A part of a time is compared with a whole number", text, "Write it without quotes.")),
        };
    }
    match (chain.compared, scalar) {
        (Compared::Order(order), Scalar::Integer(n)) => Ok(vec![Test::Order(order, Number::from(n))]),
        (Compared::Order(order), Scalar::Float(f)) => Ok(vec![Test::Order(order, Number::Float(f))]),
        (Compared::Order(_), _) => {
            Err(wrong_type("lt, lte, gt and gte compare with a number", text, "Write a number without quotes."))
        }
        (Compared::Existence, Scalar::Bool(b)) => Ok(vec![Test::Exists(b)]),
        (Compared::Existence, _) => {
            Err(wrong_type("`exists` takes a truth value", text, "Write true or false without quotes."))
        }
        (Compared::Plain, Scalar::Null) if !chain.forces_text() && field.is_some() => Ok(vec![Test::Null]),
        (_, Scalar::Null) => Err(wrong_type("These modifiers need text", text, "Write '' for empty text.")),
        (Compared::Plain, Scalar::Bool(b)) if !chain.forces_text() && field.is_some() => Ok(vec![Test::Bool(b)]),
        (Compared::Plain, Scalar::Integer(n)) if !chain.forces_text() && field.is_some() => {
            Ok(vec![Test::Number(Number::from(n))])
        }
        (Compared::Plain, Scalar::Float(f)) if !chain.forces_text() && field.is_some() => {
            Ok(vec![Test::Number(Number::Float(f))])
        }
        _ => {
            let mut tests = Vec::new();
            for text in expanded(text, chain, reading.placeholders)? {
                of_text(&text, field, chain, reading.fields, &mut tests)?;
            }
            Ok(tests)
        }
    }
}

fn of_text(
    text: &str,
    field: Option<usize>,
    chain: &Chain,
    fields: &mut FieldNames,
    out: &mut Vec<Test>,
) -> Result<(), ChainFault> {
    match chain.compared {
        Compared::Regex => out.push(Test::Regex(regex(text, chain)?)),
        Compared::Network => out.push(Test::Network(network(text)?)),
        Compared::OtherField => {
            let (mut starts, mut ends) = (false, false);
            for step in &chain.steps {
                starts |= matches!(step, Step::StartsWith | Step::Contains);
                ends |= matches!(step, Step::EndsWith | Step::Contains);
            }
            if text.is_empty() {
                return Err(wrong_type("`fieldref` takes the name of a field", text, "Write the name."));
            }
            out.push(Test::Field { field: fields.position(text), starts, ends, cased: chain.cased });
        }
        _ => {
            for mut tokens in modifier::apply(&chain.steps, tokens(text))? {
                if field.is_none() {
                    tokens.insert(0, Token::Any);
                    tokens.push(Token::Any);
                }
                out.push(Test::Text(Pattern::new(&tokens, chain.cased)));
            }
        }
    }
    Ok(())
}

fn wrong_type(what: &str, text: &str, mend: &str) -> ChainFault {
    ("detect.value-type", format!("{what}; {} is none.", quoted(text)), mend.to_owned())
}

/// A regular expression found anywhere in the value unless it or a modifier anchors it.
fn regex(text: &str, chain: &Chain) -> Result<Expression, ChainFault> {
    let refuse = |what: String| {
        let mend = "Sigma has no look-around and no back-references; check brackets and escapes.".to_owned();
        ("detect.regex", what, mend)
    };
    if text.len() > limits::REGEX_BYTES {
        return Err(refuse(format!("The regular expression is longer than {} bytes.", limits::REGEX_BYTES)));
    }
    let start = if chain.steps.contains(&Step::StartsWith) { r"\A" } else { "" };
    let end = if chain.steps.contains(&Step::EndsWith) { r"\z" } else { "" };
    // The flags stand in the expression, so that it tells all about itself.
    let flags: String = [(chain.regex_i, 'i'), (chain.regex_m, 'm'), (chain.regex_s, 's')]
        .into_iter()
        .filter_map(|(set, flag)| set.then_some(flag))
        .collect();
    let flags = if flags.is_empty() { flags } else { format!("(?{flags})") };
    let anchored = if start.is_empty() && end.is_empty() { text.to_owned() } else { format!("{start}(?:{text}){end}") };
    Expression::new(&format!("{flags}{anchored}")).map_err(|e| match e {
        regex::Error::CompiledTooBig(_) => refuse("The regular expression grows too large.".to_owned()),
        e => {
            let reason = e.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ");
            refuse(format!("The regular expression cannot be read: {reason}."))
        }
    })
}

/// A network, or one address as the network of itself alone.
fn network(text: &str) -> Result<IpNet, ChainFault> {
    let one = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| one()).map_err(|_| {
        let what = format!("{} is not a network in CIDR notation.", capital(&quoted(text)));
        ("detect.cidr", what, "Write it like 10.0.0.0/8 or fd00::/8.".to_owned())
    })
}

/// Replaces `%name%` by the values of placeholders; `\%` is a plain percent sign.
fn expanded(text: &str, chain: &Chain, placeholders: &Placeholders) -> Result<Vec<String>, ChainFault> {
    if !chain.expand {
        return Ok(vec![text.to_owned()]);
    }
    let mut variants = vec![String::new()];
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, after) = (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default());
        if let Some(before) = before.strip_suffix('\\') {
            variants.iter_mut().for_each(|v| v.extend([before, "%"]));
            rest = after;
            continue;
        }
        let Some((name, tail)) = after.split_once('%') else { break };
        let values = placeholders.get(name).filter(|v| !v.is_empty()).ok_or_else(|| {
            let what = format!("The placeholder %{name}% has no values here.");
            ("detect.placeholder", what, "Give it values in the settings of this centre.".to_owned())
        })?;
        if variants.len() * values.len() > limits::VALUES {
            let what = format!("Placeholders make more than {} values out of one.", limits::VALUES);
            return Err(("detect.too-many-values", what, "Use one placeholder in a value.".to_owned()));
        }
        let escape = |v: &String| if chain.compared == Compared::Regex { regex::escape(v) } else { v.clone() };
        let values: Vec<String> = values.iter().map(escape).collect();
        variants =
            variants.iter().flat_map(|v| values.iter().map(move |value| format!("{v}{before}{value}"))).collect();
        rest = tail;
    }
    variants.iter_mut().for_each(|v| v.push_str(rest));
    Ok(variants)
}

/// The sentence with a capital first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The place of a character of a one-line scalar, quotes counted.
pub(crate) fn inside(node: &Node, offset: usize) -> At {
    match &node.kind {
        Kind::Scalar { text, plain } if !text.contains('\n') => {
            At { line: node.at.line, column: node.at.column + offset + usize::from(!plain) }
        }
        _ => node.at,
    }
}
