//! Plans, targets, tasks, systems, measures.

pub mod plans;
pub mod systems;

/// The cards of this crate.
pub fn modules() -> Vec<khien_web::Module> {
    vec![plans::MODULE, systems::MODULE]
}
