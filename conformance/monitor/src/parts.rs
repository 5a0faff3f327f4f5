//! The order of parts in a stream (ECP-STR-002, ECP-STR-003).

use ecp_proto::v1alpha1::{End, Part, PartKind};

/// How far a sequence of parts has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Sequence {
    count: u32,
    bytes: u64,
    has_fin: bool,
    ended: bool,
}

impl Sequence {
    /// Takes the next part. `Err` tells which rule it breaks.
    pub(crate) fn part(&mut self, part: &Part) -> Result<(), String> {
        if self.ended {
            return Err("sent a part after the end".to_owned());
        }
        if part.index != Some(self.count) {
            return Err(format!("sent a part with index {:?} where {} was due", part.index, self.count));
        }
        let kind = part.kind();
        let fits = match (self.count, kind) {
            (0, PartKind::Init) => true,
            (0, _) | (_, PartKind::Init | PartKind::Unspecified) => false,
            _ => !self.has_fin,
        };
        if !fits {
            return Err(format!("sent a part of kind {} at index {}", kind.as_str_name(), self.count));
        }
        self.has_fin = kind == PartKind::Fin;
        self.count += 1;
        self.bytes += part.payload.len() as u64;
        Ok(())
    }

    /// Takes the end. `Err` tells which rule it breaks.
    pub(crate) fn end(&mut self, end: Option<&End>) -> Result<(), String> {
        if self.ended {
            return Err("ended the parts twice".to_owned());
        }
        self.ended = true;
        if !self.has_fin {
            return Err("ended the parts without FIN".to_owned());
        }
        let said = end.map(|e| (e.parts, e.bytes));
        if said != Some((Some(self.count), Some(self.bytes))) {
            return Err(format!("counts {said:?} for {} parts of {} bytes", self.count, self.bytes));
        }
        Ok(())
    }

    /// Whether the end came.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }
}
