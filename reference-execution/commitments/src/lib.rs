//! ecp-commitments
