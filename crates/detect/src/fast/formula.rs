//! Rules as formulas over atoms, and the atoms of which one must hold for a rule to fire.

/// What is true or false of an event: one field has one of some values.
pub(super) type Atom = u32;
/// A place in the formulas.
pub(super) type Node = u32;

/// One step of a formula; children are ranges of [`Formulas::children`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Always(bool),
    Atom(Atom),
    Not(Node),
    All(u32, u32),
    Any(u32, u32),
    /// At least so many.
    Least(u32, u32, u32),
}

/// All formulas of a route. Equal parts of rules are one part.
#[derive(Debug, Default)]
pub(super) struct Formulas {
    steps: Vec<Step>,
    children: Vec<Node>,
}

/// Atoms, or the mere presence of fields, of which at least one comes with every event that a rule fires on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Witness {
    /// How often it is expected to come, in events of a million.
    pub(super) cost: f64,
    pub(super) atoms: Vec<Atom>,
    pub(super) fields: Vec<u32>,
}

impl Witness {
    /// Any of the two.
    fn or(mut self, other: Self) -> Self {
        self.cost += other.cost;
        self.atoms.extend(other.atoms);
        self.fields.extend(other.fields);
        self
    }
}

impl Formulas {
    fn push(&mut self, step: Step) -> Node {
        self.steps.push(step);
        u32::try_from(self.steps.len() - 1).unwrap_or(u32::MAX)
    }

    fn range(&mut self, nodes: &[Node]) -> (u32, u32) {
        let start = self.children.len();
        self.children.extend_from_slice(nodes);
        (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(self.children.len()).unwrap_or(u32::MAX))
    }

    pub(super) fn atom(&mut self, atom: Atom) -> Node {
        self.push(Step::Atom(atom))
    }

    pub(super) fn not(&mut self, node: Node) -> Node {
        self.push(Step::Not(node))
    }

    pub(super) fn all(&mut self, nodes: &[Node]) -> Node {
        match nodes {
            [] => self.push(Step::Always(true)),
            [one] => *one,
            _ => {
                let (start, end) = self.range(nodes);
                self.push(Step::All(start, end))
            }
        }
    }

    pub(super) fn any(&mut self, nodes: &[Node]) -> Node {
        match nodes {
            [] => self.push(Step::Always(false)),
            [one] => *one,
            _ => {
                let (start, end) = self.range(nodes);
                self.push(Step::Any(start, end))
            }
        }
    }

    pub(super) fn least(&mut self, least: usize, nodes: &[Node]) -> Node {
        match least {
            0 => self.push(Step::Always(true)),
            1 => self.any(nodes),
            n if n == nodes.len() => self.all(nodes),
            n => {
                let (start, end) = self.range(nodes);
                self.push(Step::Least(u32::try_from(n).unwrap_or(u32::MAX), start, end))
            }
        }
    }

    fn children(&self, start: u32, end: u32) -> &[Node] {
        self.children.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Whether a formula holds, asking for atoms as far as they decide it.
    pub(super) fn holds(&self, node: Node, atom: &mut impl FnMut(Atom) -> bool) -> bool {
        match self.steps.get(node as usize).copied().unwrap_or(Step::Always(false)) {
            Step::Always(flag) => flag,
            Step::Atom(one) => atom(one),
            Step::Not(inner) => !self.holds(inner, atom),
            Step::All(start, end) => self.children(start, end).iter().all(|node| self.holds(*node, atom)),
            Step::Any(start, end) => self.children(start, end).iter().any(|node| self.holds(*node, atom)),
            Step::Least(least, start, end) => {
                let held = self.children(start, end).iter().filter(|node| self.holds(**node, atom));
                held.take(least as usize).count() >= least as usize
            }
        }
    }

    /// The rarest witness of a formula; `None` where the formula may hold on events that have nothing of it.
    pub(super) fn witness(&self, node: Node, of_atom: &impl Fn(Atom) -> Option<Witness>) -> Option<Witness> {
        match self.steps.get(node as usize).copied()? {
            // What never holds needs no event.
            Step::Always(false) => Some(Witness { cost: 0.0, atoms: Vec::new(), fields: Vec::new() }),
            Step::Always(true) | Step::Not(_) => None,
            Step::Atom(atom) => of_atom(atom),
            Step::All(start, end) => {
                let parts = self.children(start, end).iter().filter_map(|node| self.witness(*node, of_atom));
                parts.min_by(|a, b| a.cost.total_cmp(&b.cost))
            }
            Step::Any(start, end) => {
                let parts: Option<Vec<Witness>> =
                    self.children(start, end).iter().map(|node| self.witness(*node, of_atom)).collect();
                parts?.into_iter().reduce(Witness::or)
            }
            Step::Least(least, start, end) => {
                // Of m parts of which n hold, at least one is among any m - n + 1.
                let children = self.children(start, end);
                let mut parts: Vec<Witness> = children.iter().filter_map(|node| self.witness(*node, of_atom)).collect();
                let needed = (children.len() + 1).checked_sub(least as usize)?;
                parts.sort_by(|a, b| a.cost.total_cmp(&b.cost));
                if parts.len() < needed {
                    return None;
                }
                parts.truncate(needed);
                parts.into_iter().reduce(Witness::or)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness(cost: f64, atom: Atom) -> Option<Witness> {
        Some(Witness { cost, atoms: vec![atom], fields: Vec::new() })
    }

    #[test]
    fn the_rarest_of_what_must_hold_is_the_witness() {
        let mut formulas = Formulas::default();
        let [a, b, c] = [0, 1, 2].map(|atom| formulas.atom(atom));
        let either = formulas.any(&[b, c]);
        let not = formulas.not(a);
        let rule = formulas.all(&[a, either, not]);
        let cheap = formulas.witness(rule, &|atom| witness([100.0, 1.0, 2.0][atom as usize], atom)).unwrap();
        assert_eq!(cheap.atoms, [1, 2]);
        assert_eq!(formulas.witness(not, &|atom| witness(1.0, atom)), None);
        let open = formulas.any(&[a, not]);
        assert_eq!(formulas.witness(open, &|atom| witness(1.0, atom)), None);
        let two = formulas.least(2, &[a, b, c]);
        let some = formulas.witness(two, &|atom| witness([100.0, 1.0, 2.0][atom as usize], atom)).unwrap();
        assert_eq!(some.atoms, [1, 2], "two of three cannot hold without one of any two");
    }

    #[test]
    fn formulas_hold_as_they_read() {
        let mut formulas = Formulas::default();
        let [a, b, c] = [0, 1, 2].map(|atom| formulas.atom(atom));
        let two = formulas.least(2, &[a, b, c]);
        let none = formulas.any(&[]);
        for bits in 0_u32..8 {
            let mut is = |atom: Atom| bits >> atom & 1 == 1;
            assert_eq!(formulas.holds(two, &mut is), bits.count_ones() >= 2);
            assert!(!formulas.holds(none, &mut is));
        }
    }
}
