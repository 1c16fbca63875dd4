//! The write-ahead journal, writing side: each worker appends its usage records to a file of its
//! own before the end of the answer is sent. A record that was appended survives the process.
//!
//! The files are the queue: what Postgres has not taken yet waits here, not in memory. One line of
//! JSON per record; see `segments` for the reading side.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use super::UsageWriter;
use crate::actors::tree::Name;
use crate::domain::usage::UsageRecord;

/// A segment that has grown this large is followed by a new one, in bytes.
const SEGMENT: usize = 8 * 1024 * 1024;

/// Where a worker's records go.
pub struct Journal {
    segment: RefCell<Segment>,
    writer: Name<UsageWriter>,
}

struct Segment {
    directory: PathBuf,
    stem: String,
    sequence: u32,
    file: Option<File>,
    written: usize,
    /// True where a part of a line could not be taken back.
    torn: bool,
    line: Vec<u8>,
}

impl Journal {
    /// The journal of one worker; `writer` takes what cannot be written to disk.
    #[must_use]
    pub fn new(
        directory: PathBuf,
        instance: &str,
        worker: usize,
        writer: Name<UsageWriter>,
    ) -> Self {
        let segment = Segment {
            directory,
            stem: format!("{instance}-{worker:03}"),
            sequence: 0,
            file: None,
            written: 0,
            torn: false,
            line: Vec::with_capacity(1024),
        };
        Self { segment: RefCell::new(segment), writer }
    }

    /// Appends a record; it is on its way to Postgres when this returns, also where the disk is
    /// full: then it is kept in memory. Never panics, so that it may be called while unwinding.
    pub fn append(&self, record: &UsageRecord) {
        let Ok(mut segment) = self.segment.try_borrow_mut() else {
            return self.keep(serde_json::to_string(record).unwrap_or_default());
        };
        if let Err(error) = segment.append(record) {
            tracing::error!(%error, "The usage journal cannot be written; the record is kept in memory.");
            let line = serde_json::to_string(record).unwrap_or_default();
            self.keep(line);
        }
    }

    fn keep(&self, line: String) {
        self.writer.tell(super::Unjournaled(line));
    }
}

impl Segment {
    fn append(&mut self, record: &UsageRecord) -> io::Result<()> {
        self.line.clear();
        if self.torn {
            self.line.push(b'\n');
        }
        serde_json::to_writer(&mut self.line, record)?;
        self.line.push(b'\n');
        if self.file.is_none() || self.written >= SEGMENT {
            self.open_next()?;
        }
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        if let Err(error) = file.write_all(&self.line) {
            // A full disk takes a part of a line, which must not be read as a record later.
            self.torn = file.set_len(self.written as u64).is_err();
            return Err(error);
        }
        self.torn = false;
        self.written += self.line.len();
        Ok(())
    }

    fn open_next(&mut self) -> io::Result<()> {
        let name = format!("{}-{:06}.ndjson", self.stem, self.sequence);
        let path = self.directory.join(name);
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        self.sequence += 1;
        self.file = Some(file);
        self.written = 0;
        Ok(())
    }
}
