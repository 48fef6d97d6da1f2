//! Plans, targets, tasks, systems, measures.
