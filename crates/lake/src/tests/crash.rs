//! kept below
