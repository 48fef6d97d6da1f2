//! What may be done with a plan in which state, and by whom.

use khien_base::{Fault, Id, Result};

use crate::plans::model::State;

/// Only a draft is edited: what was submitted is what is approved.
pub fn edit(state: State) -> Result<()> {
    if state == State::Draft { Ok(()) } else { Err(Fault::conflict("plans.not-draft")) }
}

/// A draft with something to do, to reach or to report is handed in.
pub fn submit(state: State, items: u64) -> Result<State> {
    edit(state)?;
    if items == 0 { Err(Fault::invalid("plans.empty")) } else { Ok(State::Submitted) }
}

/// A second person puts it in force. The author is who handed it in.
pub fn approve(state: State, author: Option<Id>, actor: Id) -> Result<State> {
    if state != State::Submitted {
        return Err(Fault::conflict("plans.not-submitted"));
    }
    if author == Some(actor) {
        return Err(Fault::forbidden("plans.second-person"));
    }
    Ok(State::Live)
}

/// It goes back to its author, with a reason.
pub fn give_back(state: State, reason: &str) -> Result<State> {
    if state != State::Submitted {
        return Err(Fault::conflict("plans.not-submitted"));
    }
    if reason.trim().is_empty() {
        return Err(Fault::invalid("plans.reason").on("note"));
    }
    Ok(State::Draft)
}

/// A live plan goes out of force.
pub fn archive(state: State) -> Result<State> {
    if state == State::Live { Ok(State::Archived) } else { Err(Fault::conflict("plans.not-live")) }
}

/// A draft becomes a plan that is only read, and the other way round.
pub fn reference(state: State) -> Result<State> {
    match state {
        State::Draft => Ok(State::Reference),
        State::Reference => Ok(State::Draft),
        _ => Err(Fault::conflict("plans.not-draft")),
    }
}

/// A plan carries out another one that is in force or kept for reading, never itself.
pub fn parent(plan: Id, parent: Id, state: State) -> Result<()> {
    if plan != parent && matches!(state, State::Live | State::Reference) {
        Ok(())
    } else {
        Err(Fault::invalid("plans.parent").on("parent"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_never_approves() {
        let (a, b) = (Id::from_u128(1), Id::from_u128(2));
        assert_eq!(approve(State::Submitted, Some(a), a).unwrap_err().code, "plans.second-person");
        assert_eq!(approve(State::Submitted, Some(a), b).unwrap(), State::Live);
        assert_eq!(approve(State::Draft, Some(a), b).unwrap_err().code, "plans.not-submitted");
    }

    #[test]
    fn only_drafts_are_edited_and_handed_in() {
        assert_eq!(submit(State::Draft, 3).unwrap(), State::Submitted);
        assert_eq!(submit(State::Draft, 0).unwrap_err().code, "plans.empty");
        assert_eq!(submit(State::Live, 3).unwrap_err().code, "plans.not-draft");
        assert_eq!(edit(State::Submitted).unwrap_err().code, "plans.not-draft");
        assert_eq!(give_back(State::Submitted, " ").unwrap_err().field.as_deref(), Some("note"));
        assert_eq!(reference(State::Reference).unwrap(), State::Draft);
        assert!(archive(State::Reference).is_err());
        assert!(parent(Id::from_u128(1), Id::from_u128(1), State::Live).is_err());
    }
}
