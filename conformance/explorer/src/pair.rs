//! Two halves and the link between them: the real cores, with shells that do what the effects say, in their order.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    hash::{Hash, Hasher},
    sync::Arc,
};

use ecp_consensus_core::{self as consensus, Answer, Ask, CallId, Content, Halt, Header, ProposedValue, ReplyId, Slot};
use ecp_execution_core::{self as execution, CallKind, effect::Commit, input::StreamEvent};
use ecp_types::{Commitment, Part, StreamId, WatchState};

use crate::{
    disk::{ConsensusDisk, ExecutionDisk},
    executor::{Builds, Executor},
    names::{EXECUTION_NAMES, NAMES, STREAM_SEED},
    rules::Rule,
    setting::Setting,
    shared::Shared,
};

/// What must never be, and is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The requirement.
    pub requirement: &'static str,
    /// What happened.
    pub text: String,
}

/// On its way to the execution half.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Up {
    /// A call, with what its stream says so far.
    Call {
        /// Its name.
        id: CallId,
        /// The token that it carries.
        token: Option<Vec<u8>>,
        /// Which call.
        kind: CallKind,
        /// The call.
        call: Box<execution::input::Call>,
        /// Messages of its stream.
        events: Vec<StreamEvent>,
    },
    /// More of a stream.
    Events {
        /// The call.
        id: CallId,
        /// The messages.
        events: Vec<StreamEvent>,
    },
    /// The connection is closed: every call on it ends.
    Closed,
}

/// On its way to the consensus half.
// Few are under way at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Down {
    /// An input of the core.
    Input(consensus::Input),
    /// A session and its token.
    Session(CallId, Box<consensus::Handshaken>, Vec<u8>),
    /// The connection is lost.
    Lost,
}

/// What the consensus half wants of its engine and of the network, and what became of its process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Told {
    /// Start the engine, or start it again.
    StartEngine(bool),
    /// An answer.
    Reply(ReplyId, Answer),
    /// A value with a verdict.
    Propose(ProposedValue),
    /// Gossip of this node's proposal.
    Publish(Header, StreamId, Content),
    /// The process died and a new one began.
    Restarted,
}

/// Whether the consensus half is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// No, and it does not try.
    Down,
    /// It tries.
    Opening,
    /// Yes.
    Open,
}

/// The consensus half's process and store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConsensusSide {
    /// The core.
    pub core: consensus::State,
    /// What survives.
    pub disk: ConsensusDisk,
    /// The connection.
    pub link: Link,
    /// The session's token.
    pub token: Option<Vec<u8>>,
    /// Calls without their last answer.
    pub running: BTreeSet<CallId>,
    /// Timers that may fire.
    pub timers: BTreeSet<consensus::Timer>,
    /// What the shell says next, before anything else arrives.
    pub soon: VecDeque<consensus::Input>,
    /// Why it stopped, until it is started again.
    pub halted: Option<Halt>,
    /// The operator's flag.
    pub takeover: bool,
    /// Slots that were announced; only kept if announcing again is taken away.
    pub announced: BTreeSet<Slot>,
}

/// The execution half's process and store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExecutionSide {
    /// The core.
    pub core: execution::State,
    /// What survives.
    pub disk: ExecutionDisk,
    /// Works.
    pub executor: Executor,
    /// Builds of all processes.
    pub builds: Builds,
    /// Timers that may fire.
    pub timers: BTreeSet<execution::input::Timer>,
    /// The block that is being written.
    pub writing: Option<(u64, Box<Commit>, Vec<Part>)>,
    /// Calls that are open.
    pub callers: BTreeMap<CallId, CallKind>,
    /// Who watches.
    pub watchers: BTreeSet<CallId>,
    /// What they see.
    pub watched: Option<WatchState>,
    /// Number of this process.
    pub instance: u8,
    /// The clock is against proposals of others.
    pub objection: bool,
    /// The newest token that was issued; only kept if fencing is taken away.
    pub newest: Option<Vec<u8>>,
}

/// What others saw of this node, and what it said, over all processes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Seen {
    /// Parts of this node's proposals.
    pub parts: BTreeMap<(Slot, u32), Part>,
    /// Their ends.
    pub ends: BTreeMap<Slot, Commitment>,
    /// What the execution half said VALID of, or built.
    pub valid: BTreeSet<Commitment>,
    /// A call that can commit came since the newest handshake was answered.
    pub may_commit: bool,
    /// A stranger took the execution half over, and is not missed yet.
    pub taken: bool,
    /// This half was told that it is fenced, and was not started again since.
    pub fenced: bool,
}

/// Two halves and the link between them.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The network.
    pub setting: Arc<Setting>,
    /// What is taken away.
    pub without: Option<Rule>,
    /// The consensus half.
    pub consensus: Shared<ConsensusSide>,
    /// The execution half.
    pub execution: Shared<ExecutionSide>,
    /// To the execution half, oldest first.
    pub up: VecDeque<Up>,
    /// To the consensus half, oldest first.
    pub down: VecDeque<Down>,
    /// What others saw.
    pub seen: Shared<Seen>,
    /// For the engine and the network; taken by whoever drives the pair.
    pub told: Vec<Told>,
    /// The first thing that must never be.
    pub violation: Option<Violation>,
    /// The process dies before this effect of the next step.
    pub cut: Option<u8>,
    /// Where the newest step can be cut: around durable effects.
    pub cuts: Vec<u8>,
}

impl Hash for Pair {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.consensus.hash(state);
        self.execution.hash(state);
        self.up.hash(state);
        self.down.hash(state);
        self.seen.hash(state);
    }
}

impl Pair {
    /// Both processes just started, with a fresh key and an empty chain.
    #[must_use]
    pub fn new(setting: Arc<Setting>, without: Option<Rule>) -> Self {
        let disk = ConsensusDisk::default();
        let core = consensus::State::new(consensus_config(&setting, false), disk.load());
        let mut pair = Self {
            consensus: Shared::new(ConsensusSide {
                core,
                disk,
                link: Link::Down,
                token: None,
                running: BTreeSet::new(),
                timers: BTreeSet::new(),
                soon: VecDeque::from([consensus::Input::Start]),
                halted: None,
                takeover: false,
                announced: BTreeSet::new(),
            }),
            execution: Shared::new(ExecutionSide {
                core: execution_core(&setting, &ExecutionDisk::default(), 1),
                disk: ExecutionDisk::default(),
                executor: Executor::default(),
                builds: Builds::new(),
                timers: BTreeSet::new(),
                writing: None,
                callers: BTreeMap::new(),
                watchers: BTreeSet::new(),
                watched: None,
                instance: 1,
                objection: false,
                newest: None,
            }),
            setting,
            without,
            up: VecDeque::new(),
            down: VecDeque::new(),
            seen: Shared::default(),
            told: Vec::new(),
            violation: None,
            cut: None,
            cuts: Vec::new(),
        };
        pair.consensus.core.name_from(NAMES);
        pair
    }

    /// The engine asks.
    pub fn ask(&mut self, ask: Ask) {
        self.consensus.soon.push_back(consensus::Input::Engine(ask));
    }

    /// Notes what must never be.
    pub fn violate(&mut self, requirement: &'static str, text: impl Into<String>) {
        if self.violation.is_none() {
            self.violation = Some(Violation { requirement, text: text.into() });
        }
    }

    /// The consensus half's process dies and starts again. `sent`: what it sent before still arrives.
    pub fn restart_consensus(&mut self, sent: bool) {
        let name = self.consensus.core.last_name();
        let side = &mut *self.consensus;
        let durable = side.disk.load();
        side.core = consensus::State::new(consensus_config(&self.setting, side.takeover), durable);
        side.core.name_from(name);
        side.link = Link::Down;
        side.token = None;
        side.running.clear();
        side.timers.clear();
        side.soon = VecDeque::from([consensus::Input::Start]);
        side.halted = None;
        self.seen.fenced = false;
        self.close(sent);
        self.told.push(Told::Restarted);
    }

    /// The execution half's process dies and starts again. `sent`: what it sent before still arrives.
    pub fn restart_execution(&mut self, sent: bool) {
        let side = &mut *self.execution;
        side.instance += 1;
        side.core = execution_core(&self.setting, &side.disk, side.instance);
        side.executor = Executor::default();
        side.timers.clear();
        side.writing = None;
        side.callers.clear();
        side.watchers.clear();
        side.watched = None;
        self.up.clear();
        if !sent {
            self.down.clear();
        }
        if self.consensus.link == Link::Open && !self.down.contains(&Down::Lost) {
            self.down.push_back(Down::Lost);
        }
        self.seen.may_commit = false;
        self.seen.taken = false;
    }

    /// The connection breaks; what is on its way still arrives, or not.
    pub fn break_link(&mut self, up_arrives: bool, down_arrives: bool) {
        if !up_arrives {
            self.up.clear();
        }
        if !down_arrives {
            self.down.clear();
        }
        if !matches!(self.up.back(), Some(Up::Closed)) {
            self.up.push_back(Up::Closed);
        }
        if !self.down.contains(&Down::Lost) {
            self.down.push_back(Down::Lost);
        }
    }

    /// The consensus half's end of the connection is gone.
    pub(crate) fn close(&mut self, sent: bool) {
        self.down.clear();
        if !sent {
            self.up.clear();
        }
        if !self.execution.callers.is_empty() || !self.up.is_empty() {
            self.up.push_back(Up::Closed);
        }
    }
}

fn consensus_config(setting: &Setting, takeover: bool) -> consensus::Config {
    consensus::Config {
        address: Some(setting.address),
        network: setting.network(),
        takeover,
        stream_seed: STREAM_SEED,
        sign_anyway: false,
        signature_schemes: vec!["ed25519".into()],
    }
}

fn execution_core(setting: &Setting, disk: &ExecutionDisk, instance: u8) -> execution::State {
    let mut config = execution::Config::new([instance; 16], setting.network(), 0);
    config.features.clear();
    let committed = disk.committed();
    let restored = execution::Restored {
        committed,
        earliest: committed.map(|_| 0),
        block_hash_height: None,
        next_params: Some(setting.params(committed.map_or(0, |p| p.height + 1))),
        stopped: None,
    };
    let mut core = execution::State::new(config, restored);
    core.name_from(EXECUTION_NAMES);
    core
}
