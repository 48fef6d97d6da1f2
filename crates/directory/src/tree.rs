//! The units of a day and who stands under whom: what rights reach along.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use khien_base::{Id, Reach, Result};
use khien_db::{Db, fault};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder};

use crate::units::model::{self, link};

/// A unit as the tree knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Identity.
    pub id: Id,
    /// Official code of a province or commune.
    pub code: Option<String>,
    /// `tinh`, `xa`, `department`, `police`…
    pub kind: String,
    /// Full name.
    pub name: String,
    /// The unit above it.
    pub parent: Option<Id>,
}

/// The administrative tree on one day.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: HashMap<Id, Node>,
    children: HashMap<Id, Vec<Id>>,
    root: Option<Id>,
}

impl Tree {
    /// Reads the tree of a day: two queries.
    pub async fn load(db: &Db, root: Option<Id>, day: NaiveDate) -> Result<Self> {
        let units = model::Entity::find()
            .filter(model::Column::ValidFrom.lte(day))
            .filter(model::Column::ValidTo.is_null().or(model::Column::ValidTo.gte(day)))
            .order_by_asc(model::Column::SearchKey)
            .all(db.read())
            .await
            .map_err(fault)?;
        let links = link::Entity::find()
            .filter(link::Column::Hierarchy.eq(link::ADMINISTRATION))
            .filter(link::Column::ValidFrom.lte(day))
            .filter(link::Column::ValidTo.is_null().or(link::Column::ValidTo.gte(day)))
            .all(db.read())
            .await
            .map_err(fault)?;
        let parents: HashMap<Id, Id> = links.into_iter().map(|link| (link.child, link.parent)).collect();
        let nodes = units.into_iter().map(|unit| Node {
            id: unit.id,
            code: unit.code,
            kind: unit.kind,
            name: unit.name,
            parent: parents.get(&unit.id).copied(),
        });
        Ok(Self::of(nodes, root))
    }

    /// The tree of these nodes, siblings in the order given.
    pub fn of(nodes: impl IntoIterator<Item = Node>, root: Option<Id>) -> Self {
        let mut tree = Self { root, ..Self::default() };
        for node in nodes {
            if let Some(parent) = node.parent {
                tree.children.entry(parent).or_default().push(node.id);
            }
            tree.nodes.insert(node.id, node);
        }
        tree
    }

    /// One unit.
    pub fn get(&self, id: Id) -> Option<&Node> {
        self.nodes.get(&id)
    }

    /// The name of a unit; a dash for one that is not there on this day.
    pub fn name(&self, id: Id) -> &str {
        self.nodes.get(&id).map_or("–", |node| node.name.as_str())
    }

    /// The unit at the top: the province or commune itself.
    pub fn root(&self) -> Option<Id> {
        self.root
    }

    /// All units, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// Units straight under one.
    pub fn children(&self, id: Id) -> &[Id] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }

    /// A unit and everything under it. A circle in the links ends where it closes.
    pub fn under(&self, id: Id) -> HashSet<Id> {
        let mut seen = HashSet::from([id]);
        let mut next = vec![id];
        while let Some(unit) = next.pop() {
            for child in self.children(unit) {
                if seen.insert(*child) {
                    next.push(*child);
                }
            }
        }
        seen
    }

    /// How far a role held at a unit reaches: everywhere from the root, else the unit and all under it.
    pub fn reach(&self, unit: Id) -> Reach {
        if self.root == Some(unit) { Reach::All } else { Reach::Units(self.under(unit)) }
    }

    /// All units from the top down, each with its depth.
    pub fn walk(&self) -> Vec<(&Node, usize)> {
        let mut out = Vec::with_capacity(self.nodes.len());
        let mut stack: Vec<(Id, usize)> = self.root.into_iter().map(|root| (root, 0)).collect();
        let mut seen = HashSet::new();
        while let Some((id, depth)) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some(node) = self.nodes.get(&id) {
                out.push((node, depth));
                stack.extend(self.children(id).iter().rev().map(|child| (*child, depth + 1)));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: u128, parent: Option<u128>) -> Node {
        Node {
            id: Id::from_u128(id),
            code: None,
            kind: "department".into(),
            name: format!("Đơn vị {id}"),
            parent: parent.map(Id::from_u128),
        }
    }

    #[test]
    fn rights_reach_down_and_never_sideways() {
        let tree =
            Tree::of([node(1, None), node(2, Some(1)), node(3, Some(2)), node(4, Some(1))], Some(Id::from_u128(1)));
        assert_eq!(tree.reach(Id::from_u128(1)), Reach::All);
        let reach = tree.reach(Id::from_u128(2));
        assert!(reach.covers(Id::from_u128(2)) && reach.covers(Id::from_u128(3)));
        assert!(!reach.covers(Id::from_u128(4)) && !reach.covers(Id::from_u128(1)));
        let depths: Vec<_> = tree.walk().into_iter().map(|(_, depth)| depth).collect();
        assert_eq!(depths, [0, 1, 2, 1]);
    }

    #[test]
    fn a_circle_of_links_ends() {
        let tree = Tree::of([node(1, Some(2)), node(2, Some(1))], Some(Id::from_u128(1)));
        assert_eq!(tree.under(Id::from_u128(1)).len(), 2);
        assert_eq!(tree.walk().len(), 2);
    }
}
