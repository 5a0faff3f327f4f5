//! Internal crash points: around each durable write, named as in the spec's table of crash points.

use reference_consensus::store::Observer;

/// All of them.
pub(crate) const POINTS: [&str; 10] = [
    "consensus.before-build-mark",
    "consensus.after-build-mark",
    "consensus.before-body-write",
    "consensus.after-body-write",
    "consensus.before-record-write",
    "consensus.after-record-write",
    "consensus.before-certificate-write",
    "consensus.after-certificate-write",
    "consensus.before-ack-write",
    "consensus.after-ack-write",
];

/// Ends the process at this point, as a kill would.
pub(crate) fn observer(point: String) -> Observer {
    Box::new(move |reached| {
        if reached == point {
            std::process::abort();
        }
    })
}
