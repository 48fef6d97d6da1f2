//! Turns bytes of logs into events.
