//! Messages from L1 out of a file: one JSON object a line, appended by whoever watches L1.
//!
//! ```json
//! {"event": "sent", "to": "0x…", "selector": "0x…", "nonce": "0x1", "calldata": ["0x<sender on L1>", "…"], "fee_wei": "0x1"}
//! {"event": "cancelled", "to": "0x…", "selector": "0x…", "nonce": "0x1", "calldata": ["0x<sender on L1>", "…"]}
//! ```
//!
//! What consumed a message is the chain's own matter and not in the file. A line counts once it ends.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ecp_types::Felt;
use serde::Deserialize;

use crate::{
    convert,
    l1::{L1Message, L1Source},
};

/// Longest line that is read, in bytes: the largest message fits.
const MAX_LINE: usize = 1 << 20;

/// A file of messages, read as it grows.
pub struct L1File {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// How much of the file was read.
    offset: u64,
    line: u64,
    /// Whether the message is due, and its place in `waiting`.
    known: HashMap<L1Message, Known>,
    /// Due messages that no block of this chain is known to have consumed, by arrival.
    waiting: BTreeMap<u64, L1Message>,
    arrivals: u64,
}

struct Known {
    due: bool,
    arrival: u64,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("messages from L1 in {path}: {problem}")]
pub struct L1FileError {
    path: String,
    problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    event: Event,
    to: Felt,
    selector: Felt,
    nonce: Felt,
    calldata: Vec<Felt>,
    #[serde(default)]
    fee_wei: Option<Felt>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Event {
    Sent,
    Cancelled,
}

impl L1File {
    /// Reads what is in the file. A file that is not there yet is empty.
    ///
    /// # Errors
    /// The file cannot be read, or a line of it is no message.
    pub fn open(path: &Path) -> Result<Self, L1FileError> {
        let file = Self { path: path.to_owned(), inner: Mutex::default() };
        file.lock().read(&file.path).map_err(|problem| L1FileError { path: path.display().to_string(), problem })?;
        Ok(file)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every critical section leaves the maps whole, so a panic elsewhere in its thread does not matter.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known after reading on. What cannot be read later is told in the log, and what is known stays.
    fn current(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.lock();
        if let Err(problem) = inner.read(&self.path) {
            tracing::warn!(path = %self.path.display(), %problem, "messages from L1");
        }
        inner
    }
}

impl Inner {
    /// Reads the lines that ended since the last time. A bad line is passed over and told.
    fn read(&mut self, path: &Path) -> Result<(), String> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.to_string()),
        };
        let length = file.metadata().map_err(|error| error.to_string())?.len();
        if length < self.offset {
            return Err("the file became shorter: lines are only ever appended".to_owned());
        }
        if length == self.offset {
            return Ok(());
        }
        file.seek(SeekFrom::Start(self.offset)).map_err(|error| error.to_string())?;
        let mut reader = BufReader::new(file);
        let mut bad = None;
        loop {
            let mut line = Vec::new();
            let read = reader.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
            if line.last() != Some(&b'\n') {
                // The rest of this line is not written yet.
                break;
            }
            self.offset += read as u64;
            self.line += 1;
            if let Err(problem) = self.take(&line) {
                bad.get_or_insert(format!("line {}: {problem}", self.line));
            }
        }
        bad.map_or(Ok(()), Err)
    }

    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        if line.len() > MAX_LINE {
            return Err(format!("longer than {MAX_LINE} bytes"));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let message = L1Message {
            to: convert::stark(&line.to),
            selector: convert::stark(&line.selector),
            nonce: convert::stark(&line.nonce),
            calldata: line.calldata.iter().map(convert::stark).collect(),
        };
        // A message that nobody paid for is not executed.
        let due = line.event == Event::Sent && line.fee_wei.is_some_and(|fee| fee != Felt::ZERO);
        match self.known.get_mut(&message) {
            Some(known) => {
                known.due = due;
                if !due {
                    self.waiting.remove(&known.arrival);
                }
            }
            None => {
                self.arrivals += 1;
                let arrival = self.arrivals;
                self.known.insert(message.clone(), Known { due, arrival });
                if due {
                    self.waiting.insert(arrival, message);
                }
            }
        }
        Ok(())
    }
}

impl L1Source for L1File {
    fn is_due(&self, message: &L1Message) -> bool {
        self.current().known.get(message).is_some_and(|known| known.due)
    }

    fn waiting(&self, limit: usize) -> Vec<L1Message> {
        self.current().waiting.values().take(limit).cloned().collect()
    }

    fn consumed(&self, message: &L1Message) {
        let mut inner = self.lock();
        if let Some(known) = inner.known.get(message) {
            let arrival = known.arrival;
            inner.waiting.remove(&arrival);
        }
    }
}
