//! Receives logs over the network.
