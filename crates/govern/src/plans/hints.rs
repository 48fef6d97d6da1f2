//! Which measure a target probably means, by the words of `content/templates/measure-hints.yaml`.

use std::sync::OnceLock;

use khien_base::key::key;
use khien_base::measure::Unit;
use khien_base::{Fault, Result};
use serde::Deserialize;

const SHIPPED: &str = include_str!("../../../../content/templates/measure-hints.yaml");

/// All hints.
#[derive(Debug, Clone, Deserialize)]
pub struct Hints {
    hints: Vec<Hint>,
}

#[derive(Debug, Clone, Deserialize)]
struct Hint {
    measure: String,
    unit: GivenIn,
    words: Vec<Vec<String>>,
    #[serde(default)]
    not: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GivenIn {
    Percent,
    Count,
}

impl Hints {
    /// The hints that are shipped, read once.
    pub fn shipped() -> Result<&'static Self> {
        static READ: OnceLock<std::result::Result<Hints, String>> = OnceLock::new();
        let read = READ.get_or_init(|| serde_yaml_ng::from_str(SHIPPED).map_err(|error| error.to_string()));
        read.as_ref().map_err(|error| Fault::internal(format!("content/templates/measure-hints.yaml: {error}")))
    }

    /// The measure of a target with this text and unit, among those that the program has.
    pub fn propose(&self, text: &str, unit: &str, has: impl Fn(&str) -> bool) -> Option<&str> {
        let text = format!(" {} ", key(text));
        let given = if percent(unit) { GivenIn::Percent } else { GivenIn::Count };
        let says = |word: &String| text.contains(&format!(" {word} "));
        let fits = |hint: &&Hint| {
            hint.unit == given
                && has(&hint.measure)
                && hint.words.iter().all(|line| line.iter().any(says))
                && !hint.not.iter().any(says)
        };
        self.hints.iter().find(fits).map(|hint| hint.measure.as_str())
    }
}

/// Whether a target's unit is percent.
pub fn percent(unit: &str) -> bool {
    unit.trim() == "%"
}

/// Whether a target given in `unit` can be compared with a measure: percent with percent, counts with counts.
pub fn comparable(unit: &str, measure: Unit) -> bool {
    percent(unit) == (measure == Unit::Percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_target_point_to_its_measure() {
        let hints = Hints::shipped().unwrap();
        let all = |_: &str| true;
        let text = "100% hệ thống thông tin của cơ quan đảng, nhà nước được kết nối giám sát an ninh mạng";
        assert_eq!(hints.propose(text, "%", all), Some("systems.connected"));
        assert_eq!(hints.propose(text, "hệ thống", all), None, "a count is no share");
        assert_eq!(hints.propose(text, "%", |_| false), None, "a measure that is not there");
        let text = "100% hệ thống được phê duyệt hồ sơ đề xuất cấp độ";
        assert_eq!(hints.propose(text, "%", all), Some("systems.level-approved"));
        assert_eq!(hints.propose("90% nhân sự được cấp chứng chỉ theo cấp độ, hồ sơ", "%", all), None);
        assert_eq!(hints.propose("95% nhiệm vụ hoàn thành đúng hạn", "%", all), Some("plans.tasks-in-time"));
    }
}
