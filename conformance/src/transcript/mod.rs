//! Records what was said in a case, in order, and judges it as it goes.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use prost::Message as _;

use crate::{
    case::Case,
    schema::{Record, record::Event},
    verdict::{Judge, Judged},
    wire::Names,
};

/// Takes events from every task of a case. Cloning gives another handle.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Inner>>);

struct Inner {
    began: Instant,
    records: Vec<Record>,
    judge: Judge,
}

impl Recorder {
    /// Begins the transcript of `case`.
    #[must_use]
    pub fn new(case: Arc<Case>) -> Self {
        Self(Arc::new(Mutex::new(Inner { began: Instant::now(), records: Vec::new(), judge: Judge::new(case) })))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        // Recording never panics half-way, so a poisoned lock still guards whole records.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Records an event. Events are ordered as this is called.
    pub fn record(&self, event: Event) {
        self.with(|inner| {
            let at_us = u64::try_from(inner.began.elapsed().as_micros()).unwrap_or(u64::MAX);
            let record = Record { at_us, event: Some(event) };
            inner.judge.observe(&record);
            inner.records.push(record);
        });
    }

    /// Whether something was seen that is not legal, or the suite failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.with(|inner| inner.judge.has_failed())
    }

    /// The names of the case as they are now.
    #[must_use]
    pub fn names(&self) -> Names {
        self.with(|inner| inner.judge.names().clone())
    }

    /// What the case came to, and all records.
    #[must_use]
    pub fn finish(&self) -> (Judged, Vec<Record>) {
        self.with(|inner| (inner.judge.clone().finish(), inner.records.clone()))
    }
}

/// Writes records to a file, each with its length before it.
pub fn write(path: &Path, records: &[Record]) -> io::Result<()> {
    let mut out = Writer::create(path)?;
    records.iter().try_for_each(|record| out.add(record))?;
    out.flush()
}

/// Writes records to a file as they come.
pub struct Writer(io::BufWriter<fs::File>);

impl Writer {
    /// Begins a file.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(io::BufWriter::new(fs::File::create(path)?)))
    }

    /// Adds a record.
    pub fn add(&mut self, record: &Record) -> io::Result<()> {
        self.0.write_all(&record.encode_length_delimited_to_vec())
    }

    /// Hands what was added to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Reads the records of a file.
pub fn read(path: &Path) -> io::Result<Vec<Record>> {
    let bytes = fs::read(path)?;
    let mut rest = bytes.as_slice();
    let mut records = Vec::new();
    while !rest.is_empty() {
        let record = Record::decode_length_delimited(&mut rest)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("record {}: {e}", records.len())))?;
        records.push(record);
    }
    Ok(records)
}
