//! The reader as others call it: real plans against their truth, invented plans, files that are no plans.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod invented;
#[cfg(test)]
mod truth;
#[cfg(test)]
mod word;
