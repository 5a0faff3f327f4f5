//! reference-consensus
