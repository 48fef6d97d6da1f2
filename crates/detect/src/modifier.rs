//! Value modifiers: what stands after the field name, `CommandLine|contains|all` (Sigma modifiers appendix 2.1).
//!
//! Modifiers are applied in the order in which they are written. A chain has one kind of comparison and any
//! number of steps that change text; what cannot go together is said when the rule is read.

use crate::limits;
use crate::text::Token;

/// What the values of an item are compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// As they are: text with wildcards, numbers, truth values, null.
    Plain,
    /// `re`, with `i`, `m`, `s`.
    Regex,
    /// `cidr`
    Network,
    /// `exists`
    Existence,
    /// `fieldref`
    OtherField,
    /// `lt`, `lte`, `gt`, `gte`
    Order(Order),
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The part of a timestamp that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A change to text, in the order of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Contains,
    StartsWith,
    EndsWith,
    Windash,
    Utf16Le,
    Utf16Be,
    Utf16,
    Base64,
    Base64Offset,
}

/// All that the modifiers of an item say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) compared: Compared,
    pub(crate) steps: Vec<Step>,
    pub(crate) time: Option<TimePart>,
    pub(crate) all: bool,
    pub(crate) negated: bool,
    pub(crate) cased: bool,
    pub(crate) expand: bool,
    pub(crate) regex_i: bool,
    pub(crate) regex_m: bool,
    pub(crate) regex_s: bool,
}

/// Why modifiers cannot be used: code, what, how to mend.
pub(crate) type ChainFault = (&'static str, String, String);

const KNOWN: &str = "all, base64, base64offset, cased, cidr, contains, day, endswith, exists, expand, fieldref, gt, gte, \
                     hour, i, lt, lte, m, minute, month, neq, re, s, startswith, utf16, utf16be, utf16le, week, wide, \
                     windash, year";

impl Chain {
    /// Reads the modifiers of a key.
    pub(crate) fn read<'k>(modifiers: impl Iterator<Item = &'k str>) -> Result<Self, ChainFault> {
        let mut chain = Self {
            compared: Compared::Plain,
            steps: Vec::new(),
            time: None,
            all: false,
            negated: false,
            cased: false,
            expand: false,
            regex_i: false,
            regex_m: false,
            regex_s: false,
        };
        for name in modifiers {
            chain.take(name)?;
        }
        chain.check()?;
        Ok(chain)
    }

    fn take(&mut self, name: &str) -> Result<(), ChainFault> {
        match name {
            "all" => self.all = true,
            "neq" => self.negated = true,
            "cased" => self.cased = true,
            "expand" => self.expand = true,
            "contains" => self.steps.push(Step::Contains),
            "startswith" => self.steps.push(Step::StartsWith),
            "endswith" => self.steps.push(Step::EndsWith),
            "windash" => self.steps.push(Step::Windash),
            "wide" | "utf16le" => self.steps.push(Step::Utf16Le),
            "utf16be" => self.steps.push(Step::Utf16Be),
            "utf16" => self.steps.push(Step::Utf16),
            "base64" => self.steps.push(Step::Base64),
            "base64offset" => self.steps.push(Step::Base64Offset),
            "re" => self.compare(Compared::Regex, name)?,
            "cidr" => self.compare(Compared::Network, name)?,
            "exists" => self.compare(Compared::Existence, name)?,
            "fieldref" => self.compare(Compared::OtherField, name)?,
            "lt" => self.compare(Compared::Order(Order::Less), name)?,
            "lte" => self.compare(Compared::Order(Order::LessOrEqual), name)?,
            "gt" => self.compare(Compared::Order(Order::Greater), name)?,
            "gte" => self.compare(Compared::Order(Order::GreaterOrEqual), name)?,
            "minute" => self.of_time(TimePart::Minute)?,
            "hour" => self.of_time(TimePart::Hour)?,
            "day" => self.of_time(TimePart::Day)?,
            "week" => self.of_time(TimePart::Week)?,
            "month" => self.of_time(TimePart::Month)?,
            "year" => self.of_time(TimePart::Year)?,
            "i" | "ignorecase" | "m" | "multiline" | "s" | "dotall" => self.regex_flag(name)?,
            _ => {
                return Err((
                    "detect.modifier-unknown",
                    format!("There is no modifier '{name}'."),
                    format!("Use one of: {KNOWN}."),
                ));
            }
        }
        Ok(())
    }

    fn compare(&mut self, compared: Compared, name: &str) -> Result<(), ChainFault> {
        if self.compared != Compared::Plain || !self.steps.is_empty() {
            return Err(clash(format!(
                "`{name}` needs the value as it is written, and another modifier comes before it."
            )));
        }
        self.compared = compared;
        Ok(())
    }

    fn of_time(&mut self, part: TimePart) -> Result<(), ChainFault> {
        if self.time.replace(part).is_some() {
            return Err(clash("Two parts of a time are asked for.".to_owned()));
        }
        Ok(())
    }

    fn regex_flag(&mut self, name: &str) -> Result<(), ChainFault> {
        if self.compared != Compared::Regex {
            return Err(clash(format!("`{name}` belongs after `re`.")));
        }
        match name {
            "i" | "ignorecase" => self.regex_i = true,
            "m" | "multiline" => self.regex_m = true,
            _ => self.regex_s = true,
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ChainFault> {
        let affixes = self.steps.iter().all(|s| matches!(s, Step::Contains | Step::StartsWith | Step::EndsWith));
        let fine = match self.compared {
            Compared::Plain => true,
            Compared::Regex | Compared::OtherField => affixes,
            Compared::Network | Compared::Existence | Compared::Order(_) => self.steps.is_empty(),
        };
        if !fine {
            return Err(clash("These modifiers change text, and the value is not compared as text.".to_owned()));
        }
        let timed = matches!(self.compared, Compared::Plain | Compared::Order(_)) && self.steps.is_empty();
        if self.time.is_some() && !timed {
            return Err(clash("A part of a time is a number, and the other modifiers need text.".to_owned()));
        }
        Ok(())
    }

    /// Whether values are compared as text that modifiers have changed.
    pub(crate) fn forces_text(&self) -> bool {
        !self.steps.is_empty() || self.cased || self.expand
    }
}

fn clash(what: String) -> ChainFault {
    ("detect.modifier-clash", what, "Take one of the modifiers away, or put them in another order.".to_owned())
}

/// Text on its way through the steps of a chain.
#[derive(Debug, Clone)]
struct Form {
    tokens: Vec<Token>,
    /// Whether each character is one byte of an encoding (U+0000 to U+00FF) and no longer a letter.
    bytes: bool,
}

/// Applies the steps to one value; one value can become several of which any may match.
pub(crate) fn apply(steps: &[Step], tokens: Vec<Token>) -> Result<Vec<Vec<Token>>, ChainFault> {
    let mut forms = vec![Form { tokens, bytes: false }];
    for step in steps {
        let mut next = Vec::with_capacity(forms.len());
        for form in forms {
            step.apply(form, &mut next)?;
        }
        forms = next;
        if forms.len() > limits::VALUES {
            return Err(too_many());
        }
    }
    Ok(forms.into_iter().map(|f| f.tokens).collect())
}

fn too_many() -> ChainFault {
    let what = format!("The modifiers make more than {} values out of one.", limits::VALUES);
    ("detect.too-many-values", what, "Write fewer values, or shorter ones.".to_owned())
}

impl Step {
    fn apply(self, mut form: Form, out: &mut Vec<Form>) -> Result<(), ChainFault> {
        match self {
            Self::Contains | Self::StartsWith | Self::EndsWith => affix(&mut form.tokens, self),
            Self::Windash => windash(&mut form.tokens),
            Self::Utf16Le => form = utf16(&form, u16::to_le_bytes, false),
            Self::Utf16Be => form = utf16(&form, u16::to_be_bytes, false),
            Self::Utf16 => form = utf16(&form, u16::to_le_bytes, true),
            Self::Base64 => {
                for bytes in plain_bytes(&form)? {
                    out.push(encoded(&bytes, 0)?);
                }
                return Ok(());
            }
            Self::Base64Offset => {
                for bytes in plain_bytes(&form)? {
                    for offset in 0..3 {
                        out.push(encoded_inside(&bytes, offset)?);
                    }
                }
                return Ok(());
            }
        }
        out.push(form);
        Ok(())
    }
}

/// Puts `*` at one end or both, unless one stands there.
fn affix(tokens: &mut Vec<Token>, step: Step) {
    if step != Step::StartsWith && tokens.first() != Some(&Token::Any) {
        tokens.insert(0, Token::Any);
    }
    if step != Step::EndsWith && tokens.last() != Some(&Token::Any) {
        tokens.push(Token::Any);
    }
}

/// A hyphen or slash that begins an option (nothing or no letter before it, a letter or digit after it) becomes
/// any of the five dashes; a hyphen inside a word stays.
fn windash(tokens: &mut [Token]) {
    let word = |t: Option<&Token>| matches!(t, Some(Token::Char(c)) if c.is_alphanumeric() || *c == '_');
    let found: Vec<bool> = (0..tokens.len())
        .map(|i| {
            let dash = matches!(tokens.get(i), Some(Token::Char('-' | '/')));
            let before = i.checked_sub(1).and_then(|i| tokens.get(i));
            dash && !word(before) && word(tokens.get(i + 1))
        })
        .collect();
    for (token, _) in tokens.iter_mut().zip(found).filter(|(_, found)| *found) {
        *token = Token::Dash;
    }
}

/// Every character as its UTF-16 bytes; wildcards stay.
fn utf16(form: &Form, order: fn(u16) -> [u8; 2], mark: bool) -> Form {
    let mut tokens = Vec::with_capacity(form.tokens.len() * 2 + 2);
    let unit = |u: u16, out: &mut Vec<Token>| out.extend(order(u).map(|b| Token::Char(char::from(b))));
    if mark {
        unit(0xFEFF, &mut tokens);
    }
    for token in &form.tokens {
        match token {
            Token::Char(c) => c.encode_utf16(&mut [0; 2]).iter().for_each(|u| unit(*u, &mut tokens)),
            other => tokens.push(*other),
        }
    }
    Form { tokens, bytes: true }
}

/// The bytes that an encoding takes in; every dash that may be one of five is written out five times.
fn plain_bytes(form: &Form) -> Result<Vec<Vec<u8>>, ChainFault> {
    let mut variants = vec![Vec::new()];
    for token in &form.tokens {
        let chars: &[char] = match token {
            Token::Char(c) => std::slice::from_ref(c),
            Token::Dash => &crate::text::DASHES,
            Token::One | Token::Any => {
                return Err((
                    "detect.encoded-wildcard",
                    "A value with wildcards cannot be encoded.".to_owned(),
                    "Take the wildcards out, escape them with \\, or put `contains` after the encoding.".to_owned(),
                ));
            }
        };
        if variants.len() * chars.len() > 625 {
            return Err(too_many());
        }
        variants = chars.iter().flat_map(|c| variants.iter().map(|v| with_char(v, *c, form.bytes))).collect();
    }
    Ok(variants)
}

fn with_char(bytes: &[u8], c: char, as_byte: bool) -> Vec<u8> {
    let mut out = bytes.to_vec();
    match u8::try_from(c) {
        Ok(byte) if as_byte => out.push(byte),
        _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
    out
}

fn encoded(bytes: &[u8], offset: usize) -> Result<Form, ChainFault> {
    use base64::Engine as _;
    let mut shifted = vec![b' '; offset];
    shifted.extend_from_slice(bytes);
    let text = base64::engine::general_purpose::STANDARD.encode(shifted);
    if bytes.is_empty() {
        return Err(too_short());
    }
    Ok(Form { tokens: crate::text::plain(&text), bytes: false })
}

/// The characters of the Base64 form that stay the same whatever comes before and after, when the value starts
/// `offset` bytes into a group of three.
fn encoded_inside(bytes: &[u8], offset: usize) -> Result<Form, ChainFault> {
    let mut form = encoded(bytes, offset)?;
    let unsure_before = [0, 2, 3].get(offset).copied().unwrap_or(0);
    let unsure_after = [0, 3, 2].get((bytes.len() + offset) % 3).copied().unwrap_or(0);
    let end = form.tokens.len().saturating_sub(unsure_after);
    form.tokens.truncate(end);
    form.tokens.drain(..unsure_before.min(end));
    if form.tokens.is_empty() {
        return Err(too_short());
    }
    Ok(form)
}

fn too_short() -> ChainFault {
    (
        "detect.encoded-short",
        "The value is so short that its encoded form says nothing.".to_owned(),
        "Write at least two characters.".to_owned(),
    )
}
