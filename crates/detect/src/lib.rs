//! Matches events against Sigma rules.
