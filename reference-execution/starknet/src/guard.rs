//! Calls into the execution library.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ecp_execution_core::seams::EngineFault;

/// Runs `work` and makes its panic a fault. What is executed comes from peers and users, and the library has asserts
/// of its own: such a defect must end this piece of work and not the process (ECP-ERR-006). The caller throws away
/// what `work` touched.
pub(crate) fn guarded<T>(what: &str, work: impl FnOnce() -> T) -> Result<T, EngineFault> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| EngineFault(format!("the execution library panicked: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_fault_that_says_where() {
        assert_eq!(guarded("an addition", || 1 + 1).unwrap(), 2);
        let fault = guarded("transaction 0x1", || -> u8 { panic!("overflow") }).unwrap_err();
        assert!(fault.to_string().contains("transaction 0x1"), "{fault}");
    }
}
