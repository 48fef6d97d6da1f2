//! What a route asks of who calls it, and which built-in roles hold which permission.

use serde::{Deserialize, Serialize};

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

/// The built-in roles. A role is held at a unit for a period and reaches down the units under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Quản trị: people, units, settings. Sees everything of its units, approves nothing.
    Administrator,
    /// Cán bộ trung tâm: plans, systems, alerts, incidents.
    Officer,
    /// Đầu mối: the person answerable in a unit; own systems, tasks, incidents.
    FocalPoint,
    /// Lãnh đạo: looks, changes nothing.
    Leader,
    /// Kiểm tra viên: looks, and reads the audit log.
    Auditor,
}

impl Role {
    /// All roles, in the order in which pages list them.
    pub const ALL: [Self; 5] = [Self::Administrator, Self::Officer, Self::FocalPoint, Self::Leader, Self::Auditor];

    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Officer => "officer",
            Self::FocalPoint => "focal_point",
            Self::Leader => "leader",
            Self::Auditor => "auditor",
        }
    }

    /// The role of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A permission that a module defines, with the roles that hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// `module:action`
    pub name: &'static str,
    /// Who holds it.
    pub roles: &'static [Role],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_come_back_as_roles() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        assert_eq!(Role::from_name("root"), None);
    }
}
