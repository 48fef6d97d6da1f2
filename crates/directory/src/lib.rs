//! Units, people, roles, sign-in: who there is and who may do what.
//!
//! Other crates ask it two things: units by identity or name ([`units::store`]), and — through the kit's gate —
//! who is signed in with which reach. It never knows what a plan or an alert is.

pub mod audit;
mod forms;
pub mod gate;
pub mod people;
pub mod seal;
pub mod secret;
pub mod setting;
pub mod setup;
pub mod sign_in;
pub mod testing;
pub mod tree;
pub mod units;

pub use gate::Directory;
pub use seal::SecretKey;
pub use tree::Tree;

#[cfg(test)]
mod tests;

/// The cards of this crate.
pub fn modules() -> Vec<khien_web::Module> {
    vec![setup::MODULE, sign_in::MODULE, units::MODULE, people::MODULE, audit::MODULE]
}
