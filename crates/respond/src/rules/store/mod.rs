//! Every query of the rules.

pub mod evidence;
pub mod figures;
pub mod imports;
pub mod switches;
pub mod trials;
pub mod versions;
