//! What survives: one redb file, one durable transaction for each [`Effect::Persist`].
//!
//! [`Effect::Persist`]: ecp_consensus_core::Effect::Persist

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use ecp_consensus_core::{Body, BodyKey, Decided, Durable, Slot, Write};
use ecp_signatures::Recorded;
use ecp_types::{ConsensusId, LastSigned, Network, SignedStep};
use redb::{Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};

use crate::rows;

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const MARKS: TableDefinition<(u64, u32), ()> = TableDefinition::new("marks");
const BODIES: TableDefinition<&[u8], &[u8]> = TableDefinition::new("bodies");
const DECIDED: TableDefinition<u64, &[u8]> = TableDefinition::new("decided");

/// Version of the tables' layout.
const FORMAT: &[u8] = b"ecp-consensus-store/1";

/// The store cannot be used: the operator's matter.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the data directory {} is in use by another process: stop it, or give another --data", .0.display())]
    Locked(PathBuf),
    /// It belongs to another network.
    #[error("the data directory {} belongs to another network: give the --data of this one", .0.display())]
    OtherNetwork(PathBuf),
    /// It was written by another version.
    #[error("the data directory {} has another format: use the version that wrote it", .0.display())]
    Format(PathBuf),
    /// The disk or the file.
    #[error("the store in {}: {problem}", path.display())]
    Disk {
        /// The folder.
        path: PathBuf,
        /// What went wrong.
        problem: String,
    },
}

/// Told before and after each durable write, with its name in the specification's table of crash points.
pub type Observer = Box<dyn Fn(&'static str) + Send + Sync>;

/// The consensus half's store.
pub struct Store {
    observer: Option<Observer>,
    path: PathBuf,
    database: Database,
    consensus_id: ConsensusId,
    part_format: Mutex<String>,
}

impl Store {
    /// Opens the store of a data directory, or makes it with this identity and network.
    pub fn open(path: &Path, network: &Network, new_id: ConsensusId) -> Result<Self, StoreError> {
        std::fs::create_dir_all(path)
            .map_err(|error| StoreError::Disk { path: path.to_owned(), problem: error.to_string() })?;
        let database = Database::create(path.join("consensus.redb")).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::Locked(path.to_owned()),
            error => StoreError::Disk { path: path.to_owned(), problem: error.to_string() },
        })?;
        let part_format = Mutex::new(String::new());
        let path_buf = path.to_owned();
        let mut store = Self { observer: None, path: path_buf, database, consensus_id: new_id, part_format };
        let identity = identity(network);
        let known = store.transaction(|write| {
            write.open_table(MARKS)?;
            write.open_table(BODIES)?;
            write.open_table(DECIDED)?;
            let mut meta = write.open_table(META)?;
            let known = meta.get("format")?.map(|v| v.value().to_vec());
            if known.is_none() {
                meta.insert("format", FORMAT)?;
                meta.insert("network", identity.as_slice())?;
                meta.insert("consensus_id", new_id.as_slice())?;
                return Ok(None);
            }
            let read = |key| meta.get(key).map(|v| v.map(|v| v.value().to_vec()).unwrap_or_default());
            Ok(Some((known.unwrap_or_default(), read("network")?, read("consensus_id")?)))
        })?;
        if let Some((format, network, id)) = known {
            if format != FORMAT {
                return Err(StoreError::Format(path.to_owned()));
            }
            if network != identity {
                return Err(StoreError::OtherNetwork(path.to_owned()));
            }
            store.consensus_id = id.try_into().map_err(|_| StoreError::Format(path.to_owned()))?;
        }
        Ok(store)
    }

    /// Lets somebody stand around each write.
    pub fn observe(&mut self, observer: Option<Observer>) {
        self.observer = observer;
    }

    fn tell(&self, point: Option<&'static str>) {
        if let (Some(observer), Some(point)) = (&self.observer, point) {
            observer(point);
        }
    }

    /// Durable identity of this half (ECP-SES-009).
    #[must_use]
    pub fn consensus_id(&self) -> ConsensusId {
        self.consensus_id
    }

    /// Part format of the bodies that are written from now on.
    pub fn set_part_format(&self, part_format: &str) {
        if let Ok(mut current) = self.part_format.lock() {
            part_format.clone_into(&mut current);
        }
    }

    fn failed(&self, problem: impl std::fmt::Display) -> StoreError {
        StoreError::Disk { path: self.path.clone(), problem: problem.to_string() }
    }

    fn transaction<T>(&self, work: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        let transaction = self.database.begin_write().map_err(|e| self.failed(e))?;
        let result = work(&transaction).map_err(|e| self.failed(e))?;
        // redb's default durability: on disk when this returns.
        transaction.commit().map_err(|e| self.failed(e))?;
        Ok(result)
    }

    /// Writes all or nothing, durably.
    pub fn write(&self, writes: &[Write]) -> Result<(), StoreError> {
        let part_format = self.part_format.lock().map(|f| f.clone()).unwrap_or_default();
        let points = writes.iter().find_map(points);
        self.tell(points.map(|(before, _)| before));
        self.transaction(|transaction| {
            for write in writes {
                apply(transaction, write, &part_format)?;
            }
            Ok(())
        })?;
        self.tell(points.map(|(_, after)| after));
        Ok(())
    }

    /// Everything that the bridge needs.
    pub fn load(&self) -> Result<Durable, StoreError> {
        let read = self.database.begin_read().map_err(|e| self.failed(e))?;
        let meta = read.open_table(META).map_err(|e| self.failed(e))?;
        let value = |key: &str| -> Result<Option<Vec<u8>>, StoreError> {
            Ok(meta.get(key).map_err(|e| self.failed(e))?.map(|v| v.value().to_vec()))
        };
        let position = |key: &str| value(key)?.map(|v| rows::read_position(&v)).transpose().map_err(|e| self.failed(e));
        let mut durable = Durable {
            committed: position("committed")?,
            certified: position("certified")?,
            record: self.record()?.map(|signed| signed.map(|signed| signed.last)),
            instance: value("instance")?.and_then(|v| v.try_into().ok()),
            ..Durable::default()
        };
        let marks = read.open_table(MARKS).map_err(|e| self.failed(e))?;
        for row in marks.iter().map_err(|e| self.failed(e))? {
            let (height, round) = row.map_err(|e| self.failed(e))?.0.value();
            durable.marks.insert(Slot { height, round });
        }
        let decided = read.open_table(DECIDED).map_err(|e| self.failed(e))?;
        for row in decided.iter().map_err(|e| self.failed(e))? {
            let (height, value) = row.map_err(|e| self.failed(e))?;
            let decision = rows::read_decided(value.value()).map_err(|e| self.failed(e))?;
            durable.decided.insert(height.value(), decision);
        }
        // Only undecided bodies are held in memory.
        let from = durable.certified.map_or(0, |p| p.height.saturating_add(1)).to_be_bytes();
        let bodies = read.open_table(BODIES).map_err(|e| self.failed(e))?;
        for row in bodies.range(from.as_slice()..).map_err(|e| self.failed(e))? {
            let (key, value) = row.map_err(|e| self.failed(e))?;
            let key = rows::read_body_key(key.value()).map_err(|e| self.failed(e))?;
            let (body, _) = rows::read_body(key, value.value()).map_err(|e| self.failed(e))?;
            durable.bodies.insert(key, body);
        }
        Ok(durable)
    }

    /// A stored body and its part format.
    pub fn body(&self, key: BodyKey) -> Result<Option<(Body, String)>, StoreError> {
        let read = self.database.begin_read().map_err(|e| self.failed(e))?;
        let bodies = read.open_table(BODIES).map_err(|e| self.failed(e))?;
        let row = bodies.get(rows::body_key(&key).as_slice()).map_err(|e| self.failed(e))?;
        row.map(|row| rows::read_body(key, row.value()).map_err(|e| self.failed(e))).transpose()
    }

    /// A kept decision.
    pub fn decided(&self, height: u64) -> Result<Option<Decided>, StoreError> {
        let read = self.database.begin_read().map_err(|e| self.failed(e))?;
        let decided = read.open_table(DECIDED).map_err(|e| self.failed(e))?;
        let row = decided.get(height).map_err(|e| self.failed(e))?;
        row.map(|row| rows::read_decided(row.value()).map_err(|e| self.failed(e))).transpose()
    }

    /// The signing record: absent if the key came without one.
    pub fn record(&self) -> Result<Option<Option<Recorded>>, StoreError> {
        let read = self.database.begin_read().map_err(|e| self.failed(e))?;
        let meta = read.open_table(META).map_err(|e| self.failed(e))?;
        let Some(row) = meta.get("signed").map_err(|e| self.failed(e))? else { return Ok(None) };
        if row.value().is_empty() {
            return Ok(Some(None));
        }
        read_signed(row.value()).map(|signed| Some(Some(signed))).ok_or_else(|| self.failed("a damaged signing record"))
    }

    /// Writes the signing record, durably (ECP-REC-003). Absent: a fresh key.
    pub fn write_record(&self, signed: Option<&Recorded>) -> Result<(), StoreError> {
        let bytes = signed.map(signed_bytes).unwrap_or_default();
        self.tell(signed.map(|_| "consensus.before-record-write"));
        self.transaction(|transaction| {
            transaction.open_table(META)?.insert("signed", bytes.as_slice())?;
            Ok(())
        })?;
        self.tell(signed.map(|_| "consensus.after-record-write"));
        Ok(())
    }
}

/// Crash points before and after a write.
fn points(write: &Write) -> Option<(&'static str, &'static str)> {
    match write {
        Write::Mark(_) => Some(("consensus.before-build-mark", "consensus.after-build-mark")),
        Write::Body(_) => Some(("consensus.before-body-write", "consensus.after-body-write")),
        Write::Decided { .. } => Some(("consensus.before-certificate-write", "consensus.after-certificate-write")),
        Write::Committed(_) => Some(("consensus.before-ack-write", "consensus.after-ack-write")),
        _ => None,
    }
}

fn identity(network: &Network) -> Vec<u8> {
    let mut bytes = network.chain_id.as_bytes().to_vec();
    bytes.extend(network.genesis_hash);
    bytes.extend(network.fork_id.to_be_bytes());
    bytes.extend(network.activation_digest);
    bytes
}

fn apply(transaction: &WriteTransaction, write: &Write, part_format: &str) -> Result<(), redb::Error> {
    let meta = |key: &str, value: &[u8]| -> Result<(), redb::Error> {
        transaction.open_table(META)?.insert(key, value)?;
        Ok(())
    };
    match write {
        Write::Mark(slot) => {
            transaction.open_table(MARKS)?.insert((slot.height, slot.round), ())?;
        }
        Write::Body(body) => {
            let (key, row) = (rows::body_key(&body.key()), rows::body(body, part_format));
            transaction.open_table(BODIES)?.insert(key.as_slice(), row.as_slice())?;
        }
        Write::Decided { certificate, body } => {
            let position = ecp_types::Position { height: certificate.height, commitment: certificate.commitment };
            let row = rows::decided(&Decided { certificate: certificate.clone(), body: *body });
            transaction.open_table(DECIDED)?.insert(certificate.height, row.as_slice())?;
            meta("certified", &rows::position(&position))?;
        }
        Write::Committed(position) => meta("committed", &rows::position(position))?,
        Write::Adopted(position) => {
            meta("committed", &rows::position(position))?;
            meta("certified", &rows::position(position))?;
        }
        Write::Instance(instance) => meta("instance", instance)?,
        Write::Refetch(position) => refetch(transaction, position.as_ref())?,
        Write::Certificate(certificate) => {
            let mut decided = transaction.open_table(DECIDED)?;
            let row = decided.get(certificate.height)?.map(|row| row.value().to_vec());
            if let Some(Ok(mut row)) = row.map(|row| rows::read_decided(&row)) {
                row.certificate = certificate.clone();
                decided.insert(certificate.height, rows::decided(&row).as_slice())?;
            }
        }
        Write::Prune { keep_from, decided } => prune(transaction, *keep_from, *decided)?,
    }
    Ok(())
}

fn refetch(transaction: &WriteTransaction, position: Option<&ecp_types::Position>) -> Result<(), redb::Error> {
    let mut meta = transaction.open_table(META)?;
    match position {
        Some(position) => meta.insert("certified", rows::position(position).as_slice())?,
        None => meta.remove("certified")?,
    };
    let above = position.map_or(0, |p| p.height.saturating_add(1));
    transaction.open_table(BODIES)?.retain(|key, _| key < above.to_be_bytes().as_slice())?;
    let mut decided = transaction.open_table(DECIDED)?;
    let rows: Vec<(u64, Vec<u8>)> = decided
        .range(above..)?
        .map(|row| row.map(|(height, value)| (height.value(), value.value().to_vec())))
        .collect::<Result<_, _>>()?;
    for (height, row) in rows {
        if let Ok(mut row) = rows::read_decided(&row) {
            row.body = None;
            decided.insert(height, rows::decided(&row).as_slice())?;
        }
    }
    Ok(())
}

/// Forgets old decisions with their bodies, and what is undecided at decided heights.
fn prune(transaction: &WriteTransaction, keep_from: u64, decided_through: u64) -> Result<(), redb::Error> {
    let mut decided = transaction.open_table(DECIDED)?;
    decided.retain(|height, _| height >= keep_from)?;
    transaction.open_table(MARKS)?.retain(|(height, _), ()| height > decided_through)?;
    let mut kept = std::collections::BTreeSet::new();
    for row in decided.iter()? {
        let (_, value) = row?;
        if let Ok(Decided { body: Some(key), .. }) = rows::read_decided(value.value()) {
            kept.insert(rows::body_key(&key));
        }
    }
    let undecided_from = decided_through.saturating_add(1).to_be_bytes();
    let mut bodies = transaction.open_table(BODIES)?;
    bodies.retain(|key, _| key >= undecided_from.as_slice() || kept.contains(key))?;
    Ok(())
}

/// Height, round, step, then for each step whether something was signed and its digest.
fn signed_bytes(Recorded { last, digests }: &Recorded) -> Vec<u8> {
    let step = match last.step {
        SignedStep::Proposal => 1,
        SignedStep::Prevote => 2,
        SignedStep::Precommit => 3,
    };
    let mut bytes = last.height.to_be_bytes().to_vec();
    bytes.extend(last.round.to_be_bytes());
    bytes.push(step);
    for digest in digests {
        bytes.push(u8::from(digest.is_some()));
        bytes.extend(digest.unwrap_or_default());
    }
    bytes
}

fn read_signed(bytes: &[u8]) -> Option<Recorded> {
    let height = u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
    let round = u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?);
    let step = match bytes.get(12)? {
        1 => SignedStep::Proposal,
        2 => SignedStep::Prevote,
        3 => SignedStep::Precommit,
        _ => return None,
    };
    let rest: &[u8; 99] = bytes.get(13..)?.try_into().ok()?;
    let mut digests = [None; 3];
    for (digest, row) in digests.iter_mut().zip(rest.chunks_exact(33)) {
        match row.split_first()? {
            (0, _) => {}
            (1, signed) => *digest = Some(signed.try_into().ok()?),
            _ => return None,
        }
    }
    Some(Recorded { last: LastSigned { height, round, step }, digests })
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
