//! Who writes, as the head of a state document says it (Nghị định 30/2020/NĐ-CP, phụ lục I, phần I, mục II): the
//! superior body, the issuing body with the name of its province or commune, the place. Pure.

use khien_base::Id;
use khien_directory::tree::{Node, Tree};

/// Kinds of administrative units.
const ADMINISTRATIVE: [&str; 5] = ["tinh", "thanh_pho", "xa", "phuong", "dac_khu"];
/// Words that an administrative unit's name begins with, and that the names of its bodies end with.
const RANKS: [&str; 5] = ["tỉnh", "thành phố", "xã", "phường", "đặc khu"];

/// The head of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Letterhead {
    /// "UBND tỉnh Bắc Ninh"; empty where no superior body is written.
    pub(super) superior: String,
    /// "Sở Xây dựng", "UBND phường Nhân Hòa"
    pub(super) issuer: String,
    /// "Bắc Ninh"
    pub(super) place: String,
}

/// The head of what a unit writes.
pub(super) fn letterhead(tree: &Tree, unit: Id) -> Letterhead {
    let Some(node) = tree.get(unit) else { return Letterhead::default() };
    let Some(home) = home(tree, node) else {
        return Letterhead { issuer: node.name.clone(), ..Letterhead::default() };
    };
    let place = bare(&home.name);
    if administrative(node) {
        // A province or commune writes through its people's committee, which names no superior.
        return Letterhead { superior: String::new(), issuer: committee(node), place };
    }
    let parent = node.parent.and_then(|parent| tree.get(parent));
    let superior = match parent {
        Some(parent) if !administrative(parent) => full(&parent.name, &place),
        Some(_) if node.kind == "police" => police_above(tree, home),
        _ => String::new(),
    };
    Letterhead { superior, issuer: full(&node.name, &place), place }
}

/// The nearest administrative unit, the unit itself included.
fn home<'a>(tree: &'a Tree, node: &'a Node) -> Option<&'a Node> {
    // A tree is never deeper than a handful; a broken one must not keep us.
    std::iter::successors(Some(node), |at| at.parent.and_then(|parent| tree.get(parent)))
        .take(32)
        .find(|at| administrative(at))
}

fn administrative(node: &Node) -> bool {
    ADMINISTRATIVE.contains(&node.kind.as_str())
}

/// The police above the police of a province or commune.
fn police_above(tree: &Tree, home: &Node) -> String {
    if matches!(home.kind.as_str(), "tinh" | "thanh_pho") {
        return "Bộ Công an".to_owned();
    }
    let province = home.parent.and_then(|parent| tree.get(parent)).filter(|above| administrative(above));
    province.map(|province| format!("Công an {}", lower_first(&province.name))).unwrap_or_default()
}

/// "Phường Nhân Hòa" → "UBND phường Nhân Hòa"
fn committee(node: &Node) -> String {
    format!("UBND {}", lower_first(&node.name))
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// "Tỉnh Bắc Ninh" → "Bắc Ninh"
fn bare(name: &str) -> String {
    let lower = lower_first(name);
    RANKS.iter().find_map(|rank| lower.strip_prefix(rank)?.strip_prefix(' ')).unwrap_or(name).to_owned()
}

/// "UBND tỉnh" → "UBND tỉnh Bắc Ninh"; a name that does not end with a rank stays.
fn full(name: &str, place: &str) -> String {
    let ends = RANKS.iter().any(|rank| name.strip_suffix(rank).is_some_and(|before| before.ends_with(' ')));
    if ends { format!("{name} {place}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(unit: u128) -> (String, String, String) {
        let node = |id: u128, kind: &str, name: &str, parent: u128| Node {
            id: Id::from_u128(id),
            code: None,
            kind: kind.into(),
            name: name.into(),
            parent: (parent > 0).then(|| Id::from_u128(parent)),
        };
        let tree = Tree::of(
            [
                node(1, "tinh", "Tỉnh Bắc Ninh", 0),
                node(2, "committee", "UBND tỉnh", 1),
                node(3, "department", "Sở Xây dựng", 2),
                node(4, "police", "Công an tỉnh", 1),
                node(5, "phuong", "Phường Nhân Hòa", 1),
                node(6, "committee", "UBND phường", 5),
                node(7, "police", "Công an phường", 5),
                node(8, "enterprise", "VNPT Bắc Ninh", 1),
            ],
            Some(Id::from_u128(1)),
        );
        let head = letterhead(&tree, Id::from_u128(unit));
        (head.superior, head.issuer, head.place)
    }

    #[test]
    fn a_department_stands_under_the_committee_of_its_province() {
        assert_eq!(head(3), ("UBND tỉnh Bắc Ninh".into(), "Sở Xây dựng".into(), "Bắc Ninh".into()));
    }

    #[test]
    fn committees_and_enterprises_name_no_superior() {
        assert_eq!(head(2), (String::new(), "UBND tỉnh Bắc Ninh".into(), "Bắc Ninh".into()));
        assert_eq!(head(6), (String::new(), "UBND phường Nhân Hòa".into(), "Nhân Hòa".into()));
        assert_eq!(head(5), (String::new(), "UBND phường Nhân Hòa".into(), "Nhân Hòa".into()));
        assert_eq!(head(8), (String::new(), "VNPT Bắc Ninh".into(), "Bắc Ninh".into()));
    }

    #[test]
    fn police_stand_in_their_own_line() {
        assert_eq!(head(4), ("Bộ Công an".into(), "Công an tỉnh Bắc Ninh".into(), "Bắc Ninh".into()));
        assert_eq!(head(7), ("Công an tỉnh Bắc Ninh".into(), "Công an phường Nhân Hòa".into(), "Nhân Hòa".into()));
    }

    #[test]
    fn a_unit_that_is_not_there_has_an_empty_head() {
        assert_eq!(head(99), (String::new(), String::new(), String::new()));
    }
}
