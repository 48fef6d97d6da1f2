//! What can go wrong, said so that a user can act on it.
//!
//! A fault has a kind (how the outside should treat it), a stable code (`plans.second-person`) and the values
//! that its sentence needs. The sentence itself stands in the module's `texts/*.json` under `fault.<code>`, in
//! both languages, and says what to do next. Nothing internal is shown: an `Internal` fault keeps its cause for
//! the log and shows a request number.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// The result of anything that can fail with a [`Fault`].
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// How the outside should treat a fault. A small closed set, mapped once to HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// There is no such thing, or the actor has no right to know of it.
    NotFound,
    /// Nobody is signed in.
    Unauthenticated,
    /// The actor has no right to do this.
    Forbidden,
    /// What was given cannot be used.
    Invalid,
    /// It was changed or decided meanwhile.
    Conflict,
    /// More than the limit was asked for.
    TooMany,
    /// It cannot be done now; trying later may help.
    Unavailable,
    /// Our own defect.
    Internal,
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How to treat it.
    pub kind: Kind,
    /// Stable code, `module.what`; the sentence is the text `fault.<code>`.
    pub code: Cow<'static, str>,
    /// The form field that it belongs to.
    pub field: Option<Cow<'static, str>>,
    /// Values for the sentence's `{name}` places.
    pub args: Vec<(Cow<'static, str>, String)>,
    /// The cause, for the log only.
    pub cause: Option<String>,
}

impl Fault {
    /// A fault of a kind with a code.
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, code: code.into(), field: None, args: Vec::new(), cause: None }
    }

    /// There is no such thing here.
    pub fn not_found(code: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::NotFound, code)
    }

    /// The actor may not do this.
    pub fn forbidden(code: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Forbidden, code)
    }

    /// What was given cannot be used.
    pub fn invalid(code: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, code)
    }

    /// It was changed or decided meanwhile.
    pub fn conflict(code: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, code)
    }

    /// Our own defect; `cause` goes to the log and nowhere else.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut fault = Self::new(Kind::Internal, "internal");
        fault.cause = Some(cause.to_string());
        fault
    }

    /// It cannot be done now; `cause` goes to the log.
    pub fn unavailable(code: impl Into<Cow<'static, str>>, cause: impl fmt::Display) -> Self {
        let mut fault = Self::new(Kind::Unavailable, code);
        fault.cause = Some(cause.to_string());
        fault
    }

    /// Names the form field that the fault belongs to.
    #[must_use]
    pub fn on(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Gives a value to the sentence.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.args.push((name.into(), value.to_string()));
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        for (name, value) in &self.args {
            write!(f, " {name}={value}")?;
        }
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_its_code_values_and_cause() {
        let fault = Fault::invalid("plans.too-large").with("limit", 20).on("file");
        assert_eq!(fault.to_string(), "plans.too-large limit=20");
        assert_eq!(fault.field.as_deref(), Some("file"));
        assert_eq!(Fault::internal("disk gone").to_string(), "internal: disk gone");
    }
}
