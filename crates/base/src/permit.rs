//! What a route asks of who calls it.

/// The permission that a route names where it is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permit {
    /// Anybody, signed in or not: sign-in page, assets, health.
    Public,
    /// Anybody signed in: one's own account.
    SignedIn,
    /// A machine with the token of a log source; the handler checks the token itself.
    SourceToken,
    /// Who holds this `module:action` permission at some unit; the unit itself is checked by reach.
    Needs(&'static str),
}
