//! ecp-monitor
