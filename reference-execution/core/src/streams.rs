//! Names of streams, the order of their parts, and their end.

use std::collections::{BTreeMap, VecDeque};

use ecp_types::{
    Counts, Height, Part, PartKind, Reason, Round, StreamId,
    limits::{self, STREAM_IDS_MIN},
};

use crate::{Refusal, WorkId, input::StreamEvent};

/// Names of streams, the newest ones of a session (ECP-STR-006).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Streams {
    uses: BTreeMap<StreamId, StreamUse>,
    order: VecDeque<StreamId>,
}

/// Parts of one proposal at most (ECP-LIM-010).
pub(crate) const PARTS_MAX: u32 = limits::PARTS_MAX as u32;

/// Names that are remembered, the newest ones (ECP-STR-006).
const STREAMS_MAX: usize = STREAM_IDS_MIN as usize;

/// What a stream id was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum StreamUse {
    /// The build of a slot.
    Build(Height, Round),
    /// A validation.
    Validate(WorkId),
}

impl Streams {
    /// Whether the name is new.
    pub(crate) fn check(&self, id: &StreamId) -> Result<(), Refusal> {
        if self.uses.contains_key(id) {
            return Err(Refusal::new(Reason::StreamIdReused, "The stream id named another stream before."));
        }
        Ok(())
    }

    /// Remembers a name.
    pub(crate) fn insert(&mut self, id: StreamId, used: StreamUse) {
        self.uses.insert(id, used);
        self.order.push_back(id);
        if self.order.len() > STREAMS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.uses.remove(&oldest);
        }
    }

    /// All names that are remembered.
    pub(crate) fn names(&self) -> impl Iterator<Item = &StreamId> {
        self.order.iter()
    }

    /// Forgets names.
    pub(crate) fn forget(&mut self, gone: impl Fn(&StreamId) -> bool) {
        self.order.retain(|id| !gone(id));
        self.uses.retain(|id, _| !gone(id));
    }

    /// What a name was used for.
    pub(crate) fn get(&self, id: &StreamId) -> Option<StreamUse> {
        self.uses.get(id).copied()
    }
}

/// What part is due in a sequence (ECP-STR-002).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct PartOrder {
    pub(crate) counts: Counts,
    fin: bool,
}

impl PartOrder {
    /// Takes the next part, or says what was due.
    pub(crate) fn take(&mut self, part: &Part, max_part_bytes: u64) -> Result<(), Refusal> {
        let due = self.counts.parts;
        if part.payload.len() as u64 > max_part_bytes {
            let problem = format_args!("Part {} has {} bytes.", part.index, part.payload.len()).to_string();
            return Err(Refusal::new(Reason::LimitExceeded, problem).with("limit", max_part_bytes));
        }
        let fits = match part.kind {
            PartKind::Init => due == 0,
            PartKind::Body | PartKind::Fin => due > 0,
        };
        if part.index >= PARTS_MAX {
            let problem = format_args!("There are more than {PARTS_MAX} parts.").to_string();
            return Err(Refusal::new(Reason::LimitExceeded, problem).with("limit", PARTS_MAX));
        }
        if self.fin {
            return Err(Refusal::order("End", format_args!("part {} after FIN", part.index)));
        }
        if part.index != due || !fits {
            let kind = if due == 0 { "INIT" } else { "BODY or FIN" };
            let got = format!("part {} of kind {:?}", part.index, part.kind);
            return Err(Refusal::order(format_args!("part {due} of kind {kind}"), got));
        }
        self.fin = part.kind == PartKind::Fin;
        self.counts.parts += 1;
        self.counts.bytes += part.payload.len() as u64;
        Ok(())
    }

    /// Takes the end, or says what differs (ECP-STR-003).
    pub(crate) fn end(&self, counts: Counts, fin_due: bool) -> Result<(), Refusal> {
        if fin_due && !self.fin {
            return Err(Refusal::order("FIN", "End"));
        }
        if counts != self.counts {
            let text = |c: Counts| format!("End of {} parts and {} bytes", c.parts, c.bytes);
            return Err(Refusal::order(text(self.counts), text(counts)));
        }
        Ok(())
    }
}

/// Name of a message, for errors.
pub(crate) fn name(event: &StreamEvent) -> &'static str {
    match event {
        StreamEvent::Open(_) => "open",
        StreamEvent::Header(_) => "header",
        StreamEvent::Part(_) => "a part",
        StreamEvent::End(_) => "End",
        StreamEvent::Raise(_) => "raise_basis",
        StreamEvent::Invalid(_) => "a message that cannot be taken",
        StreamEvent::HalfClosed => "the end of the stream",
        StreamEvent::Reset => "a reset",
    }
}
