//! Steps, and how many of those that go wrong there may be.

use std::fmt;

use ecp_types::Round;

/// How much may go wrong, and how far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Heights that are decided.
    pub heights: u64,
    /// Rounds of a height that may pass; in the one after them the others propose.
    pub rounds: Round,
    /// Whether the others may begin a height before the last one is acknowledged here.
    pub overlap: bool,
    /// What may go wrong.
    pub faults: Faults,
}

/// Faults that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Faults {
    /// Deaths of the consensus half.
    pub consensus_crashes: u8,
    /// Deaths of the execution half.
    pub execution_crashes: u8,
    /// Broken connections, with what was on its way lost or not.
    pub losses: u8,
    /// Calls that arrive twice.
    pub duplicates: u8,
    /// Messages that overtake those of other calls.
    pub reorders: u8,
    /// Takeovers by another consensus half.
    pub takeovers: u8,
    /// Times at which this node's clock turns against proposals of others.
    pub objections: u8,
    /// Budgets that run out.
    pub expiries: u8,
}

impl Faults {
    fn numbers(&mut self) -> [&mut u8; 8] {
        [
            &mut self.consensus_crashes,
            &mut self.execution_crashes,
            &mut self.losses,
            &mut self.duplicates,
            &mut self.reorders,
            &mut self.takeovers,
            &mut self.objections,
            &mut self.expiries,
        ]
    }

    /// Reads eight numbers with commas between them.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let told: Vec<u8> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let mut faults = Self::default();
        anyhow::ensure!(told.len() == faults.numbers().len(), "eight numbers are needed");
        for (number, told) in faults.numbers().into_iter().zip(told) {
            *number = told;
        }
        Ok(faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut faults = *self;
        let numbers = faults.numbers().map(|number| number.to_string());
        f.write_str(&numbers.join(","))
    }
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action {
    /// What happens.
    pub kind: Kind,
    /// The consensus half's process dies before this effect of it; 0: it does not.
    pub cut: u8,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Soon,
    Up,
    Down,
    OvertakeUp(u8),
    OvertakeDown(u8),
    Twice,
    Say,
    Written,
    Connect,
    Reconnect,
    Retry,
    ProposeTimeout,
    Expire,
    WatchLost,
    CrashConsensus { sent: bool },
    CrashExecution { sent: bool },
    Break { up: bool, down: bool },
    TakeOver,
    Operator,
    Object,
    Gossip,
    Pass,
    PassLocked,
    Decide,
    Learn,
}

impl Kind {
    /// Whether it is one of the faults, which are bounded and need not happen.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        matches!(
            self,
            Self::OvertakeUp(_)
                | Self::OvertakeDown(_)
                | Self::Twice
                | Self::Expire
                | Self::CrashConsensus { .. }
                | Self::CrashExecution { .. }
                | Self::Break { .. }
                | Self::TakeOver
                | Self::Object
        )
    }
}

impl Action {
    /// Whether it is a fault, or ends in one.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        self.cut > 0 || self.kind.is_fault()
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.kind {
            Kind::Soon => "the consensus half goes on by itself",
            Kind::Up => "a message arrives at the execution half",
            Kind::Down => "a message arrives at the consensus half",
            Kind::OvertakeUp(at) => {
                return self.write(f, &format!("message {at} overtakes those before it, to the execution half"));
            }
            Kind::OvertakeDown(at) => {
                return self.write(f, &format!("message {at} overtakes those before it, to the consensus half"));
            }
            Kind::Twice => "a call arrives twice at the execution half",
            Kind::Say => "the executor says what it has done",
            Kind::Written => "the block is durable in the execution half",
            Kind::Connect => "the connection opens",
            Kind::Reconnect => "the pause before connecting ends",
            Kind::Retry => "the pause before a retry ends",
            Kind::ProposeTimeout => "the propose timeout ends",
            Kind::Expire => "a budget ends in the execution half",
            Kind::WatchLost => "the execution half misses its holder's Watch",
            Kind::CrashConsensus { sent: true } => "the consensus half dies; what it sent arrives",
            Kind::CrashConsensus { sent: false } => "the consensus half dies; what it sent is lost",
            Kind::CrashExecution { sent: true } => "the execution half dies; what it sent arrives",
            Kind::CrashExecution { sent: false } => "the execution half dies; what it sent is lost",
            Kind::Break { up, down } => {
                let word = |arrives: bool| if arrives { "arrives" } else { "is lost" };
                let text = format!(
                    "the connection breaks; what is under way to the execution half {}, to the consensus half {}",
                    word(up),
                    word(down)
                );
                return self.write(f, &text);
            }
            Kind::TakeOver => "another consensus half takes the execution half over",
            Kind::Operator => "the operator starts the consensus half again",
            Kind::Object => "the execution half's clock turns against proposals of others",
            Kind::Gossip => "a piece of the others' proposal arrives",
            Kind::Pass => "the others' round passes",
            Kind::PassLocked => "the others' round passes with a prevote quorum",
            Kind::Decide => "the others decide",
            Kind::Learn => "the engine learns the decision",
        };
        self.write(f, text)
    }
}

impl Action {
    fn write(self, f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
        f.write_str(text)?;
        if self.cut > 0 {
            write!(f, ", and the consensus half dies before effect {} of the step", self.cut)?;
        }
        Ok(())
    }
}
