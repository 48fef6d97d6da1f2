//! What may be done with a version of a rule in which state, and by whom.

use khien_base::{Fault, Id, Result};

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its author works on it.
    Draft,
    /// Handed in: a second person looks at it.
    Review,
    /// In force.
    Approved,
    /// The second person said no.
    Rejected,
    /// Was in force: a newer version took its place, or it was taken back.
    Retired,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Review, Self::Approved, Self::Rejected, Self::Retired];

    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Review => "review",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Retired => "retired",
        }
    }

    /// The state of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Only a draft changes, and only in its author's hand: who changed a word of it must not approve it.
pub fn edit(state: State, author: Option<Id>, actor: Id) -> Result<()> {
    if state != State::Draft {
        return Err(Fault::conflict("rules.not-draft"));
    }
    if author == Some(actor) { Ok(()) } else { Err(Fault::forbidden("rules.not-author")) }
}

/// Its author hands a draft in.
pub fn submit(state: State, author: Option<Id>, actor: Id) -> Result<State> {
    edit(state, author, actor).map(|()| State::Review)
}

/// Its author takes it back before anybody decided.
pub fn withdraw(state: State, author: Option<Id>, actor: Id) -> Result<State> {
    if state != State::Review {
        return Err(Fault::conflict("rules.not-submitted"));
    }
    if author == Some(actor) { Ok(State::Draft) } else { Err(Fault::forbidden("rules.not-author")) }
}

/// A second person puts it in force.
pub fn approve(state: State, author: Option<Id>, actor: Id) -> Result<State> {
    if state != State::Review {
        return Err(Fault::conflict("rules.not-submitted"));
    }
    if author.is_none_or(|author| author == actor) {
        return Err(Fault::forbidden("rules.second-person"));
    }
    Ok(State::Approved)
}

/// A second person says no, and why.
pub fn reject(state: State, author: Option<Id>, actor: Id, note: &str) -> Result<State> {
    approve(state, author, actor)?;
    if note.trim().is_empty() {
        return Err(Fault::invalid("rules.note-missing").on("note"));
    }
    Ok(State::Rejected)
}

/// What is in force is taken back, with a reason.
pub fn retire(state: State, note: &str) -> Result<State> {
    if state != State::Approved {
        return Err(Fault::conflict("rules.not-in-force"));
    }
    if note.trim().is_empty() {
        return Err(Fault::invalid("rules.note-missing").on("note"));
    }
    Ok(State::Retired)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Id = Id::from_u128(1);
    const B: Id = Id::from_u128(2);

    #[test]
    fn the_author_never_approves_nor_rejects() {
        assert_eq!(approve(State::Review, Some(A), A).unwrap_err().code, "rules.second-person");
        assert_eq!(reject(State::Review, Some(A), A, "no").unwrap_err().code, "rules.second-person");
        assert_eq!(approve(State::Review, None, A).unwrap_err().code, "rules.second-person");
        assert_eq!(approve(State::Review, Some(A), B).unwrap(), State::Approved);
        assert_eq!(reject(State::Review, Some(A), B, "no").unwrap(), State::Rejected);
        assert_eq!(reject(State::Review, Some(A), B, " ").unwrap_err().field.as_deref(), Some("note"));
        for state in [State::Draft, State::Approved, State::Rejected, State::Retired] {
            assert_eq!(approve(state, Some(A), B).unwrap_err().code, "rules.not-submitted");
        }
    }

    #[test]
    fn a_draft_is_in_its_author_s_hand_only() {
        assert!(edit(State::Draft, Some(A), A).is_ok());
        assert_eq!(edit(State::Draft, Some(A), B).unwrap_err().code, "rules.not-author");
        assert_eq!(submit(State::Review, Some(A), A).unwrap_err().code, "rules.not-draft");
        assert_eq!(withdraw(State::Review, Some(A), A).unwrap(), State::Draft);
        assert_eq!(withdraw(State::Review, Some(A), B).unwrap_err().code, "rules.not-author");
        assert_eq!(withdraw(State::Approved, Some(A), A).unwrap_err().code, "rules.not-submitted");
    }

    #[test]
    fn only_what_is_in_force_is_taken_back() {
        assert_eq!(retire(State::Approved, "old").unwrap(), State::Retired);
        assert_eq!(retire(State::Approved, "").unwrap_err().code, "rules.note-missing");
        assert_eq!(retire(State::Draft, "old").unwrap_err().code, "rules.not-in-force");
        for state in State::ALL {
            assert_eq!(State::from_name(state.name()), Some(state));
        }
    }
}
