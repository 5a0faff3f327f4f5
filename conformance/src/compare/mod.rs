//! Compares two transcripts of one case: where did one half do something else than the other, or than it did before?
//!
//! | module | what |
//! |---|---|
//! | `masked` | messages without what differs from run to run by right |
//! | `conversation` | a transcript as calls |

mod conversation;
mod masked;

use std::collections::{BTreeMap, BTreeSet};

use conversation::{Call, calls};

use crate::schema::Record;

/// A point at which two transcripts part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Where: the call, or the step.
    pub at: String,
    /// What the first transcript shows there.
    pub first: String,
    /// What the second one shows there.
    pub second: String,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// How many calls were compared.
    pub compared: usize,
    /// Where they part, in the order of the first transcript.
    pub departures: Vec<Departure>,
}

impl Comparison {
    /// The comparison in words; `first` and `second` name the transcripts.
    #[must_use]
    pub fn text(&self, first: &str, second: &str) -> String {
        let Some((one, more)) = self.departures.split_first() else {
            return format!("{first} and {second} do the same: {} calls compared\n", self.compared);
        };
        let width = first.len().max(second.len());
        let mut text = format!("{first} and {second} part\n");
        for departure in std::iter::once(one).chain(more.iter().take(4)) {
            text += &format!("\nat {}\n", departure.at);
            text += &format!("  {first:<width$}  {}\n", departure.first);
            text += &format!("  {second:<width$}  {}\n", departure.second);
        }
        if more.len() > 4 {
            text += &format!("\nand at {} more\n", more.len() - 4);
        }
        text
    }
}

const NOTHING: &str = "nothing";

/// Compares what two execution halves answered to the same calls. Watch speaks by the clock, so it is left out.
#[must_use]
pub fn answers(first: &[Record], second: &[Record]) -> Comparison {
    let (first, second) = (calls(first), calls(second));
    let other: BTreeMap<u32, &Call> = second.iter().map(|call| (call.number, call)).collect();
    let mut comparison = Comparison::default();
    for call in first.iter().filter(|call| call.method != "Watch") {
        let at = |what: String| format!("step {}, call {} of {}: {what}", call.step + 1, call.number, call.method);
        let Some(other) = other.get(&call.number) else {
            let first = call.answers.first().cloned().or_else(|| call.end.clone());
            comparison.departures.push(Departure {
                at: at("the call".to_owned()),
                first: first.unwrap_or_else(|| NOTHING.to_owned()),
                second: "the run had ended".to_owned(),
            });
            break;
        };
        comparison.compared += 1;
        let said = |call: &Call| call.answers.iter().cloned().map(Some).chain([call.end.clone()]).collect::<Vec<_>>();
        let (mine, theirs) = (said(call), said(other));
        // A call that was given up by its caller has no end of the half.
        let open = call.given_up || other.given_up;
        for index in 0..mine.len().max(theirs.len()) {
            let (mine, theirs) = (mine.get(index).cloned().flatten(), theirs.get(index).cloned().flatten());
            if mine == theirs || (open && (mine.is_none() || theirs.is_none())) {
                continue;
            }
            comparison.departures.push(Departure {
                at: at(format!("answer {}", index + 1)),
                first: mine.unwrap_or_else(|| NOTHING.to_owned()),
                second: theirs.unwrap_or_else(|| NOTHING.to_owned()),
            });
            break;
        }
    }
    comparison
}

/// Compares what two consensus halves asked, up to the highest height that both had decided. Their order is a matter of
/// the clock, so it does not count.
#[must_use]
pub fn questions(first: &[Record], second: &[Record]) -> Comparison {
    let (first, second) = (calls(first), calls(second));
    let decided = |calls: &[Call]| calls.iter().filter(|c| c.method == "Decide").filter_map(|c| c.height).max();
    let upto = decided(&first).min(decided(&second));
    let counted = |call: &&Call| call.method != "Watch" && call.height.is_none_or(|h| Some(h) <= upto);
    let key = |call: &Call| format!("instance {}: {} {}", call.instance, call.method, call.opening);
    let set = |calls: &[Call]| calls.iter().filter(counted).map(key).collect::<BTreeSet<_>>();
    let (mine, theirs) = (set(&first), set(&second));
    let mut comparison = Comparison { compared: mine.len().max(theirs.len()), departures: Vec::new() };
    let mut told = BTreeSet::new();
    for (calls, others, is_first) in [(&first, &theirs, true), (&second, &mine, false)] {
        for call in calls.iter().filter(counted) {
            let text = key(call);
            if !others.contains(&text) && told.insert(text.clone()) {
                let (a, b) = (text, NOTHING.to_owned());
                let (first, second) = if is_first { (a, b) } else { (b, a) };
                let at = call.height.map_or_else(|| call.method.clone(), |h| format!("{} at height {h}", call.method));
                comparison.departures.push(Departure { at, first, second });
            }
        }
    }
    comparison
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ecp_proto::v1alpha1 as v1;

    use super::*;
    use crate::schema::{self, Sender, record::Event};

    fn record(event: Event) -> Record {
        Record { at_us: 0, event: Some(event) }
    }

    fn began(call: u32, method: &str) -> Record {
        record(Event::CallBegan(schema::CallBegan { call, method: method.to_owned(), ..Default::default() }))
    }

    fn message(call: u32, sender: Sender, message: &impl prost::Message) -> Record {
        let bytes = message.encode_to_vec().into();
        record(Event::Message(schema::Message { call, sender: sender.into(), bytes }))
    }

    fn ended(call: u32, code: i32) -> Record {
        record(Event::Status(schema::Status { call, code, ..Default::default() }))
    }

    fn greeting(token: &'static [u8], revision: u32) -> Vec<Record> {
        let reply = v1::HandshakeResponse {
            revision,
            session_token: Bytes::from_static(token),
            ..v1::HandshakeResponse::default()
        };
        vec![began(0, "Handshake"), message(0, Sender::Execution, &reply), ended(0, 0)]
    }

    #[test]
    fn tokens_differ_by_right_and_revisions_do_not() {
        let one = greeting(b"a", 1);
        assert_eq!(answers(&one, &greeting(b"b", 1)), Comparison { compared: 1, departures: Vec::new() });
        let parted = answers(&one, &greeting(b"b", 2));
        assert_eq!(parted.departures.len(), 1);
        insta::assert_snapshot!(parted.text("mine", "reference"));
    }

    #[test]
    fn an_error_instead_of_a_reply_and_a_run_that_ended_are_departures() {
        let refused = [began(0, "Handshake"), ended(0, 9)];
        let parted = answers(&greeting(b"a", 1), &refused).departures;
        assert_eq!((parted.len(), parted[0].second.as_str()), (1, "ended with FAILED_PRECONDITION"));
        assert_eq!(answers(&refused, &[]).departures[0].second, "the run had ended");
    }

    #[test]
    fn questions_are_compared_up_to_what_both_decided() {
        let start = |call, height| {
            let request = v1::StartRoundRequest { height: Some(height), round: Some(0), ..Default::default() };
            [began(call, "StartRound"), message(call, Sender::Consensus, &request)]
        };
        let decide = |call, height, commitment: u8| {
            let commitment = Bytes::from(vec![commitment; 32]);
            let request = v1::DecideRequest { height: Some(height), round: Some(0), commitment, ..Default::default() };
            [began(call, "Decide"), message(call, Sender::Consensus, &request)]
        };
        let one = [start(0, 1), decide(1, 1, 7), start(2, 2)].concat();
        let two = [start(0, 1), decide(1, 1, 8)].concat();
        assert_eq!(questions(&one, &two).departures, [], "height 2 was decided by neither");
        let without = decide(0, 1, 7);
        let parted = questions(&one, &without).departures;
        assert_eq!(parted.len(), 1);
        assert_eq!((parted[0].at.as_str(), parted[0].second.as_str()), ("StartRound at height 1", "nothing"));
    }
}
