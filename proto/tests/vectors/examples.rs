//! The page of worked examples: what two halves say during one height, in the bytes of the vectors.

use std::fmt::Write as _;

use crate::{chain, files, harness::plain_hex, layout, root, settle};

const BEGIN: &str = "<!-- begin wire examples, made by the tests of ecp-proto -->\n";
/// Digits on a line.
const HEX_WIDTH: usize = 120;
const END: &str = "<!-- end wire examples -->\n";

/// A step: title, what to look at, and the messages as (direction, message, case).
struct Step {
    title: &'static str,
    text: &'static str,
    messages: &'static [(&'static str, &'static str, &'static str)],
}

const ASK: &str = "consensus → execution";
const TELL: &str = "execution → consensus";

const STEPS: &[Step] = &[
    Step {
        title: "Handshake",
        text: "The consensus half is new: it speaks revision 1, can use FINALIZE and VERIFY_CERTIFICATES, and its position is an empty message.\n\
               The execution half agrees on revision 1 and FINALIZE, tells its instance and the session token, and has nothing committed: `position` is there and empty.",
        messages: &[(ASK, "HandshakeRequest", "a fresh writer"), (TELL, "HandshakeResponse", "nothing committed")],
    },
    Step {
        title: "Watch",
        text: "The request is empty; every message has zero bytes then.\n\
               Nothing is committed, which is absence and not height 0; the parameters of the first height are known.",
        messages: &[(ASK, "WatchRequest", "empty"), (TELL, "WatchResponse", "nothing committed yet")],
    },
    Step {
        title: "GetHeightParams",
        text: "The height is 7, the first of this chain.\n64-bit numbers are texts in ProtoJSON, and bytes are base64.",
        messages: &[
            (ASK, "GetHeightParamsRequest", "the first height"),
            (TELL, "GetHeightParamsResponse", "of the test chain"),
        ],
    },
    Step {
        title: "StartRound",
        text: "Round 0 is two bytes on the wire, `10 00`: it has presence.",
        messages: &[(ASK, "StartRoundRequest", "this node proposes"), (TELL, "StartRoundResponse", "empty")],
    },
    Step {
        title: "BuildProposal",
        text: "Three parts, then `built`.\nThe payloads are in the part format `ecp-test/1`; the consensus half looks at none of them.",
        messages: &[
            (ASK, "BuildProposalRequest", "a build"),
            (TELL, "BuildProposalResponse", "INIT"),
            (TELL, "BuildProposalResponse", "BODY"),
            (TELL, "BuildProposalResponse", "FIN"),
            (TELL, "BuildProposalResponse", "built"),
        ],
    },
    Step {
        title: "ValidateProposal",
        text: "On another node the same parts follow an `open`, and `end` follows them.\n\
               The verdict names the commitment that execution gives; it equals the one of `built`.",
        messages: &[
            (ASK, "ValidateProposalRequest", "open"),
            (ASK, "ValidateProposalRequest", "INIT"),
            (ASK, "ValidateProposalRequest", "BODY"),
            (ASK, "ValidateProposalRequest", "FIN"),
            (ASK, "ValidateProposalRequest", "end"),
            (TELL, "ValidateProposalResponse", "the verdict valid"),
        ],
    },
    Step {
        title: "Decide",
        text: "Three of four members signed; their signatures are Ed25519 over the digest of a precommit and can be verified.\n\
               The reply says what is durable; the parameters of height 8 are not known yet, so that Watch will tell.",
        messages: &[
            (ASK, "DecideRequest", "the first block"),
            (TELL, "DecideResponse", "the next parameters are not known yet"),
        ],
    },
];

fn hex_lines(bytes: &[u8]) -> String {
    let digits = plain_hex(bytes);
    let lines: Vec<&str> =
        (0..digits.len()).step_by(HEX_WIDTH).map(|at| &digits[at..digits.len().min(at + HEX_WIDTH)]).collect();
    lines.join("\n")
}

fn made() -> String {
    let mut text = BEGIN.to_owned();
    for step in STEPS {
        write!(text, "\n## {}\n\n{}\n", step.title, step.text).unwrap();
        for (direction, message, name) in step.messages {
            let file = files().iter().find(|file| file.message == *message).unwrap();
            let case = file.case(name);
            let json = layout::text(case.json().unwrap());
            write!(
                text,
                "\n*{direction}:* `{message}`, {} bytes ([vectors](vectors/wire/{message}.json)).\n",
                case.bytes.len()
            )
            .unwrap();
            if case.bytes.is_empty() {
                continue;
            }
            write!(text, "```text\n{}\n```\n```json\n{json}\n```\n", hex_lines(&case.bytes)).unwrap();
        }
    }
    text.push('\n');
    text.push_str(END);
    text
}

#[test]
fn the_page_of_examples_holds_the_bytes_of_the_vectors() {
    let path = root().join("spec/examples.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the first marker");
    let (_, after) = rest.split_once(END).expect("the page has the last marker");
    settle(&path, &format!("{before}{}{after}", made()));
}

/// What the example says about its own values holds.
#[test]
fn the_example_is_one_block_of_the_test_chain() {
    let block = chain::block();
    let certificate = chain::certificate();
    assert_eq!(certificate.commitment, block.commitment);
    assert_eq!(certificate.signatures.len(), 3);
    assert_eq!(block.parts.len(), 3);
    assert_eq!(chain::params(chain::HEIGHT).committee.unwrap().members.len(), 4);
}
