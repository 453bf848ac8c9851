//! Records in an SQLite file: a table `records`, a row for each line.

use std::io;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, params};

use super::output::Target;
use super::summary::Summary;
use crate::bounds::CHECKPOINT_EVERY;
use crate::error::Error;
use crate::record::Record;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS records (line INTEGER PRIMARY KEY, url TEXT NOT NULL, status INTEGER,
    bytes INTEGER NOT NULL, seconds REAL NOT NULL, final_url TEXT, error TEXT, tries INTEGER NOT NULL, saved TEXT,
    copy_of INTEGER)";
const ROW: &str = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) struct Database {
    connection: Connection,
    /// Rows of an earlier run of this job stay.
    continues: bool,
    /// When the transaction under way began.
    since: Option<Instant>,
}

impl Database {
    /// Opens or makes the file. Records of an earlier job will go, unless this one continues it.
    pub(super) fn open(path: &Path, continues: bool) -> Result<Database, Error> {
        let fail = |error: rusqlite::Error| Error::Database(path.to_owned(), error.into());
        let connection = Connection::open(path).map_err(fail)?;
        connection.busy_timeout(crate::bounds::LOCK_WAIT).map_err(fail)?;
        // Readers are not kept from reading, and a killed process loses nothing.
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL").map_err(fail)?;
        Ok(Database { connection, continues, since: None })
    }
}

impl Target for Database {
    /// Only here do old records go: a job that does not come to its first line leaves them.
    fn begin(&mut self) -> io::Result<()> {
        if !self.continues {
            self.connection.execute_batch("DROP TABLE IF EXISTS records").map_err(io::Error::other)?;
        }
        self.connection.execute_batch(TABLE).map_err(io::Error::other)
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        if self.since.is_none() {
            self.connection.execute_batch("BEGIN IMMEDIATE").map_err(io::Error::other)?;
            self.since = Some(Instant::now());
        }
        let mut row = self.connection.prepare_cached(ROW).map_err(io::Error::other)?;
        let error = record.error.as_ref().map(ToString::to_string);
        row.execute(params![
            record.line as i64,
            record.url,
            record.status,
            record.bytes as i64,
            record.seconds,
            record.final_url,
            error,
            record.tries,
            record.saved,
            record.copy_of.map(|line| line as i64),
        ])
        .map(drop)
        .map_err(io::Error::other)
    }

    /// Rows are committed together, since each commit has its price: a reader sees them half a second later.
    fn flush(&mut self) -> io::Result<()> {
        match self.since.is_some_and(|since| since.elapsed() >= CHECKPOINT_EVERY) {
            true => self.commit().map(drop),
            false => Ok(()),
        }
    }

    fn commit(&mut self) -> io::Result<u64> {
        if self.since.take().is_some() {
            self.connection.execute_batch("COMMIT").map_err(io::Error::other)?;
        }
        Ok(0)
    }

    fn end(&mut self, _: &Summary) -> io::Result<()> {
        self.commit().map(drop)
    }
}
