//! Tables of the specification as constant data: for cores, the monitor and tests.
//!
//! | module | what |
//! |---|---|
//! | [`calls`] | shape, connection, lane, roles and phases of each call; generated |
//! | [`ordering`] | what happens when two calls meet; generated |
//! | [`execution`], [`consensus`] | state machines of each half; generated |
//! | [`recovery`] | what is done after a handshake, and what may be signed; generated |
//! | [`crash_points`] | where a half is killed; generated |

pub mod calls;
pub mod consensus;
pub mod crash_points;
pub mod execution;
pub mod ordering;
pub mod recovery;

pub use calls::{Call, Shape};
pub use crash_points::CRASH_POINTS;
pub use ordering::{Meeting, meeting};

/// A row of a state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition<S: 'static, E: 'static> {
    /// From here.
    pub state: S,
    /// When this happens.
    pub event: E,
    /// And this holds; empty: always.
    pub guard: &'static str,
    /// This is done.
    pub action: &'static str,
    /// And then it is here.
    pub next: S,
    /// Requirements behind it.
    pub requirements: &'static [&'static str],
}

/// A row, by position.
const fn row<S: Copy, E: Copy>(
    state: S,
    event: E,
    guard: &'static str,
    action: &'static str,
    next: S,
    requirements: &'static [&'static str],
) -> Transition<S, E> {
    Transition { state, event, guard, action, next, requirements }
}

/// Who can see a crash point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CrashPointKind {
    /// Seen on the boundary: the suite kills either half there, whoever made it.
    Observable,
    /// Inside an execution half that offers a switch.
    InternalExecution,
    /// Inside a consensus half that offers a switch.
    InternalConsensus,
}

/// A place at which a half is killed and started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashPoint {
    /// Stable name.
    pub name: &'static str,
    /// Who can see it.
    pub kind: CrashPointKind,
    /// The call that it belongs to.
    pub call: Option<Call>,
    /// When it is.
    pub meaning: &'static str,
}

impl CrashPoint {
    /// The crash point of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        CRASH_POINTS.iter().find(|point| point.name == name)
    }
}
