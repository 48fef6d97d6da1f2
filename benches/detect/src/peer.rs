//! rsigma, as its documentation says it is used at its fastest: rules chosen by log source.

use rsigma_eval::event::JsonEvent;
use rsigma_eval::{Engine, LogSourceExtractor};
use rsigma_parser::parse_sigma_yaml;

pub struct Peer {
    engine: Engine,
}

impl Peer {
    pub fn new(files: &[(String, String)]) -> Self {
        let mut engine = Engine::new();
        engine.set_logsource_extractor(Some(LogSourceExtractor::new()));
        let mut rules = Vec::new();
        for (name, text) in files {
            let collection = parse_sigma_yaml(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            rules.extend(collection.rules);
        }
        let refused = engine.add_rules(rules.iter());
        assert!(refused.is_empty(), "{} rules refused", refused.len());
        Self { engine }
    }

    pub fn rules(&self) -> usize {
        self.engine.rule_count()
    }

    pub fn matches(&self, lines: &[String]) -> usize {
        lines
            .iter()
            .map(|line| {
                let value = serde_json::from_str(line).expect("a line of JSON");
                self.engine.evaluate(&JsonEvent::borrow(&value)).len()
            })
            .sum()
    }
}
