//! The write-ahead journal, reading side: which lines of which files Postgres has not taken yet.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

/// Bytes read from one segment at a time.
const READ: usize = 1024 * 1024;
const SUFFIX: &str = ".ndjson";
/// Where records go that Postgres refuses for good.
const QUARANTINE: &str = "quarantine.jsonl";

/// The journal's directory, with the place up to which each segment is done.
#[derive(Debug)]
pub struct Segments {
    directory: PathBuf,
    instance: String,
    cursors: HashMap<String, u64>,
    synced: HashMap<String, u64>,
}

/// Lines to write, and where the cursors stand once they are written.
#[derive(Debug, Default)]
pub struct Batch {
    /// Whole records, a line of JSON each.
    pub lines: Vec<String>,
    cursors: Vec<(String, u64)>,
    journaled: usize,
}

impl Batch {
    /// How many of the first lines come from the journal.
    #[must_use]
    pub fn journaled(&self) -> usize {
        self.journaled
    }
}

struct Found {
    name: String,
    length: u64,
    sealed: bool,
}

impl Segments {
    /// The journal in `directory`, which is made where it lacks; `instance` is this process.
    ///
    /// # Errors
    /// Where the directory cannot be made.
    pub fn open(directory: PathBuf, instance: &str) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        let (cursors, synced) = (HashMap::new(), HashMap::new());
        Ok(Self { directory, instance: instance.to_owned(), cursors, synced })
    }

    /// Reads at most about `max` lines that are not done yet.
    ///
    /// # Errors
    /// Where the directory or a segment cannot be read.
    pub fn read(&self, max: usize) -> io::Result<Batch> {
        let mut batch = Batch::default();
        for found in self.list()? {
            if batch.lines.len() >= max {
                break;
            }
            self.read_segment(&found, max, &mut batch)?;
        }
        batch.journaled = batch.lines.len();
        Ok(batch)
    }

    fn read_segment(&self, found: &Found, max: usize, batch: &mut Batch) -> io::Result<()> {
        let cursor = self.cursor(&found.name);
        if cursor >= found.length {
            return Ok(());
        }
        let mut file = File::open(self.directory.join(&found.name))?;
        file.seek(SeekFrom::Start(cursor))?;
        let mut bytes = Vec::new();
        file.take(READ as u64).read_to_end(&mut bytes)?;
        let mut done = 0;
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            if batch.lines.len() >= max {
                break;
            }
            let torn = line.last() != Some(&b'\n');
            if torn && !(found.sealed && cursor + bytes.len() as u64 >= found.length) {
                break;
            }
            done += line.len();
            match std::str::from_utf8(line).map(str::trim) {
                Ok("") => {}
                Ok(text) if !torn => batch.lines.push(text.to_owned()),
                _ => tracing::warn!(
                    segment = found.name,
                    "A torn record ends a segment: its answer's end was never sent."
                ),
            }
        }
        batch.cursors.push((found.name.clone(), cursor + done as u64));
        Ok(())
    }

    /// Notes that a batch is written, and removes the segments that are done with.
    ///
    /// # Errors
    /// Where a segment cannot be removed.
    pub fn commit(&mut self, batch: &Batch) -> io::Result<()> {
        self.cursors.extend(batch.cursors.iter().cloned());
        self.sweep(false)
    }

    /// Removes segments that are written whole: those that get no more records or, once the
    /// workers have ended (`closing`), all.
    ///
    /// # Errors
    /// Where a segment cannot be removed.
    pub fn sweep(&mut self, closing: bool) -> io::Result<()> {
        for found in self.list()? {
            if (found.sealed || closing) && self.cursor(&found.name) >= found.length {
                fs::remove_file(self.directory.join(&found.name))?;
                self.cursors.remove(&found.name);
                self.synced.remove(&found.name);
            }
        }
        Ok(())
    }

    /// Makes what was appended since the last call survive a power cut too.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub fn sync(&mut self) -> io::Result<()> {
        for found in self.list()? {
            if self.synced.get(&found.name) != Some(&found.length) {
                File::open(self.directory.join(&found.name))?.sync_data()?;
                self.synced.insert(found.name, found.length);
            }
        }
        Ok(())
    }

    /// Bytes that Postgres has not taken yet.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub fn pending_bytes(&self) -> io::Result<u64> {
        let list = self.list()?;
        Ok(list.iter().map(|f| f.length.saturating_sub(self.cursor(&f.name))).sum())
    }

    /// Puts a record aside that Postgres refuses for good.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn quarantine(&self, line: &str) -> io::Result<()> {
        let path = self.directory.join(QUARANTINE);
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path)?;
        io::Write::write_all(&mut file, format!("{line}\n").as_bytes())
    }

    fn cursor(&self, name: &str) -> u64 {
        self.cursors.get(name).copied().unwrap_or(0)
    }

    /// The segments in the order of their names, which is the order in time of each worker.
    fn list(&self) -> io::Result<Vec<Found>> {
        let mut lengths = BTreeMap::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if let Some(name) = entry.file_name().to_str().filter(|name| name.ends_with(SUFFIX)) {
                lengths.insert(name.to_owned(), entry.metadata()?.len());
            }
        }
        let last: HashMap<String, String> =
            lengths.keys().map(|name| (stem(name).to_owned(), name.clone())).collect();
        let found = lengths.into_iter().map(|(name, length)| {
            let live = name.starts_with(&self.instance) && last.get(stem(&name)) == Some(&name);
            Found { length, sealed: !live, name }
        });
        Ok(found.collect())
    }
}

/// Instance and worker of a segment: what stands before its sequence number.
fn stem(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(files: &[(&str, &str)]) -> (tempfile::TempDir, Segments) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let segments = Segments::open(directory.path().to_owned(), "now").unwrap();
        (directory, segments)
    }

    fn names(directory: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn lines_are_read_once_committed_and_finished_segments_removed() {
        let (directory, mut segments) = segments(&[
            ("now-000-000000.ndjson", "1\n2\n"),
            ("now-000-000001.ndjson", "3\n"),
            ("old-000-000000.ndjson", "4\n"),
        ]);
        let batch = segments.read(100).unwrap();
        assert_eq!(batch.lines, ["1", "2", "3", "4"]);
        assert_eq!(segments.read(100).unwrap().lines.len(), 4, "nothing is done before commit");
        segments.commit(&batch).unwrap();
        assert!(segments.read(100).unwrap().lines.is_empty());
        assert_eq!(names(&directory), ["now-000-000001.ndjson"]);
        segments.sweep(true).unwrap();
        assert!(names(&directory).is_empty());
    }

    #[test]
    fn a_torn_end_waits_while_the_segment_lives_and_is_dropped_after() {
        let (directory, mut segments) =
            segments(&[("now-000-000000.ndjson", "1\n2"), ("old-000-000000.ndjson", "3\n4")]);
        let batch = segments.read(100).unwrap();
        assert_eq!(batch.lines, ["1", "3"]);
        segments.commit(&batch).unwrap();
        fs::write(directory.path().join("now-000-000000.ndjson"), "1\n22\n").unwrap();
        assert_eq!(segments.read(100).unwrap().lines, ["22"]);
        assert_eq!(names(&directory), ["now-000-000000.ndjson"]);
    }

    #[test]
    fn a_batch_is_bounded_and_the_next_goes_on_behind_it() {
        let text: String = (0..10).map(|i| format!("{i}\n")).collect();
        let (_directory, mut segments) = segments(&[("now-000-000000.ndjson", &text)]);
        let mut seen = Vec::new();
        loop {
            let batch = segments.read(3).unwrap();
            if batch.lines.is_empty() {
                break;
            }
            assert!(batch.lines.len() <= 3);
            segments.commit(&batch).unwrap();
            seen.extend(batch.lines);
        }
        assert_eq!(seen.concat(), "0123456789");
        assert_eq!(segments.pending_bytes().unwrap(), 0);
    }
}
