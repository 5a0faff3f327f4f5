//! reference-execution
