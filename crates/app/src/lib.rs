//! The binary khien: configuration, command line, wiring.
