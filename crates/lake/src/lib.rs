//! Keeps events at rest in Delta tables and searches them.
