//! How long the law has logs kept: `content/regimes/system-levels.yaml`, the regime in force on a day.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::NaiveDate;
use khien_base::{Fault, Result};
use serde::Deserialize;

/// Months that events of a system without a level are kept, and of a level for which the regime names none:
/// network-service logs are kept for 12 months whatever the system (decree on the Law on Cybersecurity, Điều 9).
pub const WITHOUT_LEVEL: i32 = 12;

/// Months by level, with the days of effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Months {
    from: NaiveDate,
    to: Option<NaiveDate>,
    by_level: BTreeMap<u8, Option<i32>>,
}

#[derive(Deserialize)]
struct File {
    regimes: Vec<Regime>,
}

#[derive(Deserialize)]
struct Regime {
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    levels: Vec<Level>,
}

#[derive(Deserialize)]
struct Level {
    level: u8,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    log_retention_months: Option<i32>,
}

fn read() -> std::result::Result<Vec<Months>, String> {
    let text = include_str!("../../../../content/regimes/system-levels.yaml");
    let file: File = serde_yaml_ng::from_str(text).map_err(|e| e.to_string())?;
    let months = |regime: Regime| {
        let stated = regime.levels.iter().any(|level| level.parameters.is_some());
        let by_level = |level: Level| (level.level, level.parameters.and_then(|of| of.log_retention_months));
        stated.then(|| Months {
            from: regime.valid_from,
            to: regime.valid_to,
            by_level: regime.levels.into_iter().map(by_level).collect(),
        })
    };
    Ok(file.regimes.into_iter().filter_map(months).collect())
}

/// The months of the regime in force on a day: the one that starts next where none that names months is in force yet.
pub fn on(day: NaiveDate) -> Result<&'static Months> {
    static READ: OnceLock<std::result::Result<Vec<Months>, String>> = OnceLock::new();
    let all = READ.get_or_init(read).as_ref().map_err(Fault::internal)?;
    let in_force = all.iter().find(|months| months.from <= day && months.to.is_none_or(|to| day <= to));
    let next = || all.iter().min_by_key(|months| months.from);
    in_force.or_else(next).ok_or_else(|| Fault::internal("no regime says how long logs are kept"))
}

impl Months {
    /// Months for which events of a system of this level are kept.
    pub fn of(&self, level: Option<u8>) -> i32 {
        level.and_then(|level| self.by_level.get(&level).copied().flatten()).unwrap_or(WITHOUT_LEVEL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_by_level_as_the_regime_says() {
        let months = on(NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()).unwrap();
        let of: Vec<i32> = [None, Some(1), Some(2), Some(3), Some(4), Some(5)].map(|l| months.of(l)).into();
        assert_eq!(of, [12, 12, 1, 3, 6, 12]);
    }
}
