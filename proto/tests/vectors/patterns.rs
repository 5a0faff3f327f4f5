//! Cases that many fields share: felts, lengths, presence, enums, texts.

use std::fmt::Debug;

use bytes::Bytes;
use prost::Message;
use serde::{Serialize, de::DeserializeOwned};

use crate::harness::Table;

/// The prime of felts, 2^251 + 17 * 2^192 + 1, big-endian.
const PRIME: [u8; 32] =
    [8, 0, 0, 0, 0, 0, 0, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

fn largest_felt() -> Bytes {
    let mut bytes = PRIME;
    bytes[31] = 0;
    Bytes::copy_from_slice(&bytes)
}

pub(crate) fn zeros(length: usize) -> Bytes {
    vec![0; length].into()
}

impl<M: Message + Default + Clone + PartialEq + Debug + Serialize + DeserializeOwned> Table<M> {
    /// A felt: 32 bytes below the prime.
    pub(crate) fn felt(self, field: &str, at: fn(&mut M) -> &mut Bytes) -> Self {
        const RULE: &str = "ECP-ENC-002";
        self.accepted(&format!("{field} 0"), |m| *at(m) = zeros(32))
            .accepted(&format!("{field} one below the prime"), |m| *at(m) = largest_felt())
            .refused(RULE, &format!("{field} is the prime"), field, |m| *at(m) = Bytes::from_static(&PRIME))
            .refused(RULE, &format!("{field} of all ones"), field, |m| *at(m) = vec![0xff; 32].into())
            .refused(RULE, &format!("{field} of 31 bytes"), field, |m| *at(m) = zeros(31))
            .refused(RULE, &format!("{field} of 33 bytes"), field, |m| *at(m) = zeros(33))
            .refused(RULE, &format!("{field} empty"), field, |m| *at(m) = Bytes::new())
    }

    /// Opaque bytes of one length, all of whose values are taken.
    pub(crate) fn exactly(self, rule: &'static str, length: usize, field: &str, at: fn(&mut M) -> &mut Bytes) -> Self {
        self.accepted(&format!("{field} of all ones"), |m| *at(m) = vec![0xff; length].into())
            .refused(rule, &format!("{field} of {} bytes", length - 1), field, |m| *at(m) = zeros(length - 1))
            .refused(rule, &format!("{field} of {} bytes", length + 1), field, |m| *at(m) = zeros(length + 1))
            .refused(rule, &format!("{field} empty"), field, |m| *at(m) = Bytes::new())
    }

    /// Bytes from one length to another.
    pub(crate) fn between(
        self,
        rule: &'static str,
        (min, max): (usize, usize),
        field: &str,
        at: fn(&mut M) -> &mut Bytes,
    ) -> Self {
        self.accepted(&format!("{field} of {min} bytes"), |m| *at(m) = vec![1; min].into())
            .accepted(&format!("{field} of {max} bytes"), |m| *at(m) = vec![1; max].into())
            .refused(rule, &format!("{field} of {} bytes", min - 1), field, |m| *at(m) = vec![1; min - 1].into())
            .refused(rule, &format!("{field} of {} bytes", max + 1), field, |m| *at(m) = vec![1; max + 1].into())
    }

    /// A 64-bit number that must be there, where 0 is a value.
    pub(crate) fn present64(self, field: &str, at: fn(&mut M) -> &mut Option<u64>) -> Self {
        self.accepted(&format!("{field} 0"), |m| *at(m) = Some(0))
            .accepted(&format!("{field} 2^64 - 1"), |m| *at(m) = Some(u64::MAX))
            .refused("ECP-ENC-003", &format!("{field} absent"), field, |m| *at(m) = None)
    }

    /// A 32-bit number that must be there, where 0 is a value.
    pub(crate) fn present32(self, field: &str, at: fn(&mut M) -> &mut Option<u32>) -> Self {
        self.accepted(&format!("{field} 0"), |m| *at(m) = Some(0))
            .accepted(&format!("{field} 2^32 - 1"), |m| *at(m) = Some(u32::MAX))
            .refused("ECP-ENC-003", &format!("{field} absent"), field, |m| *at(m) = None)
    }

    /// A 64-bit number that may be absent, which is not 0.
    pub(crate) fn optional64(self, field: &str, at: fn(&mut M) -> &mut Option<u64>) -> Self {
        self.accepted(&format!("{field} 0, which is not absent"), |m| *at(m) = Some(0))
            .accepted(&format!("{field} 2^64 - 1"), |m| *at(m) = Some(u64::MAX))
            .accepted(&format!("{field} absent"), |m| *at(m) = None)
    }

    /// A number from one value to another.
    pub(crate) fn range32(
        self,
        rule: &'static str,
        (min, max): (u32, u32),
        field: &str,
        at: fn(&mut M) -> &mut u32,
    ) -> Self {
        let table = self
            .accepted(&format!("{field} {min}"), |m| *at(m) = min)
            .accepted(&format!("{field} {max}"), |m| *at(m) = max)
            .refused(rule, &format!("{field} {}", min - 1), field, |m| *at(m) = min - 1);
        match max.checked_add(1) {
            Some(over) => table.refused(rule, &format!("{field} {over}"), field, |m| *at(m) = over),
            None => table,
        }
    }

    /// A number of at least `min`, which is not 0.
    pub(crate) fn at_least64(self, rule: &'static str, min: u64, field: &str, at: fn(&mut M) -> &mut u64) -> Self {
        let table = self
            .accepted(&format!("{field} {min}"), |m| *at(m) = min)
            .accepted(&format!("{field} 2^64 - 1"), |m| *at(m) = u64::MAX)
            .refused(rule, &format!("{field} 0"), field, |m| *at(m) = 0);
        if min == 1 { table } else { table.refused(rule, &format!("{field} {}", min - 1), field, |m| *at(m) = min - 1) }
    }

    /// An enum that every known value but 0 fits.
    pub(crate) fn values(self, field: &str, last: i32, at: fn(&mut M) -> &mut i32) -> Self {
        let mut table = self.no_values(field, last, at);
        for value in 1..=last {
            table = table.accepted(&format!("{field} {value}"), |m| *at(m) = value);
        }
        table
    }

    /// The values that an enum does not take.
    pub(crate) fn no_values(self, field: &str, last: i32, at: fn(&mut M) -> &mut i32) -> Self {
        const RULE: &str = "ECP-ENC-001";
        self.refused(RULE, &format!("{field} 0"), field, |m| *at(m) = 0)
            .refused(RULE, &format!("{field} unknown"), field, |m| *at(m) = last + 1)
            .refused(RULE, &format!("{field} negative"), field, |m| *at(m) = -1)
    }

    /// Printable ASCII of `min` to `max` characters.
    pub(crate) fn ascii(
        self,
        rule: &'static str,
        (min, max): (usize, usize),
        field: &str,
        at: fn(&mut M) -> &mut String,
    ) -> Self {
        let table = self
            .accepted(&format!("{field} of {max} characters"), |m| *at(m) = "~".repeat(max))
            .refused(rule, &format!("{field} of {} characters", max + 1), field, |m| *at(m) = "~".repeat(max + 1))
            .refused(rule, &format!("{field} with a line break"), field, |m| *at(m) = "a\nb".into())
            .refused(rule, &format!("{field} beyond ASCII"), field, |m| *at(m) = "ä".into());
        if min == 0 {
            table.accepted(&format!("{field} empty"), |m| at(m).clear())
        } else {
            table.refused(rule, &format!("{field} empty"), field, |m| at(m).clear())
        }
    }

    /// UTF-8 of at most `max` bytes.
    pub(crate) fn utf8(self, rule: &'static str, max: usize, field: &str, at: fn(&mut M) -> &mut String) -> Self {
        self.accepted(&format!("{field} empty"), |m| at(m).clear())
            .accepted(&format!("{field} of {max} bytes"), |m| *at(m) = "ä".repeat(max / 2))
            .refused(rule, &format!("{field} of {} bytes", max + 1), field, |m| *at(m) = "a".repeat(max + 1))
    }
}
