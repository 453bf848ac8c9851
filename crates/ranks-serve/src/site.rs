//! What is served, and to whom: everything that answers depend on, made from the options at the start.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::auth::Auth;
use super::cache::Cache;
use super::counts::Counts;
use super::head::Limits;
use super::log::Log;
use super::options::Options;
use super::resource::Codings;
use super::root::Root;
use crate::bounds::{ERROR_PAGE_BYTES, PACKED_AT_ONCE};
use crate::error::Error;

/// Asks the main thread for the counts of all ranks.
pub type AskCounts = Box<dyn Fn() -> tokio::sync::oneshot::Receiver<Vec<u8>> + Send + Sync>;

/// The site.
pub struct Site {
    pub(super) options: Options,
    pub(super) root: Root,
    pub(super) codings: Codings,
    pub(super) auth: Option<Auth>,
    pub(super) counts: Arc<Counts>,
    pub(super) log: Option<Log>,
    /// Header lines of all answers.
    pub(super) common: String,
    pub(super) ask_counts: AskCounts,
    errors: HashMap<u16, Bytes>,
    /// How many files may be compressed at once.
    pub(super) packing: Semaphore,
    cache: Mutex<Cache>,
    date: Mutex<(u64, String)>,
}

impl Site {
    /// Opens and reads what the options name.
    pub fn open(options: &Options, counts: Arc<Counts>, ask_counts: AskCounts) -> Result<Site, Error> {
        let folder = &options.folder;
        let root = Root::open(folder, options.follow_links)
            .map_err(|error| Error::file("cannot serve", folder, error))?;
        let mut errors = HashMap::new();
        for (status, file) in &options.error_pages {
            errors.insert(*status, error_page(&folder.join(file))?);
        }
        if let Some(file) = options.fallback.as_ref().map(|file| folder.join(file))
            && !file.is_file()
        {
            return Err(Error::Options(format!("the fallback {} is no file", file.display())));
        }
        let auth = options.auth_file.as_deref().map(Auth::read).transpose()?;
        let log =
            options.access_log.as_deref().map(|file| Log::open(file, options.log_format)).transpose()?;
        let mut common = concat!("server: ranks/", env!("CARGO_PKG_VERSION"), "\r\n").to_owned();
        common.push_str("x-content-type-options: nosniff\r\n");
        for header in &options.headers {
            common.push_str(header);
            common.push_str("\r\n");
        }
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        Ok(Site {
            options: options.clone(),
            root,
            codings: Codings { beside: !options.no_precompressed, on_the_fly: !options.no_compression },
            auth,
            counts,
            log,
            common,
            ask_counts,
            errors,
            packing: Semaphore::new(PACKED_AT_ONCE),
            cache: Mutex::new(Cache::new(descriptors.unwrap_or(u64::MAX))),
            date: Mutex::default(),
        })
    }

    /// What is known of files.
    pub(super) fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of a head is taken.
    pub(super) fn head_limits(&self) -> Limits {
        Limits { uri: self.options.limits.max_uri, head: self.options.limits.max_header }
    }

    /// The page that is to be shown for a status, if there is one.
    pub(super) fn error_page(&self, status: u16) -> Option<Bytes> {
        self.errors.get(&status).cloned()
    }

    /// Writes the header `date`.
    pub(super) fn write_date(&self, into: &mut Vec<u8>) {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut date = self.date.lock().unwrap_or_else(PoisonError::into_inner);
        if date.0 != second || date.1.is_empty() {
            *date = (second, format!("date: {}\r\n", httpdate::fmt_http_date(now)));
        }
        into.extend_from_slice(date.1.as_bytes());
    }

    /// A request has been answered.
    pub(super) fn done(&self, request: &super::log::Request<'_>, started: Instant) {
        let took = started.elapsed();
        self.counts.request(request.status, request.bytes, took);
        if let Some(log) = &self.log {
            log.write(request, took);
        }
    }
}

fn error_page(file: &Path) -> Result<Bytes, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::file("the error page", file, error);
    let length = std::fs::metadata(file).map_err(|error| failed(&error))?.len();
    if length > ERROR_PAGE_BYTES {
        return Err(failed(&format!("longer than {ERROR_PAGE_BYTES} bytes")));
    }
    std::fs::read(file).map(Bytes::from).map_err(|error| failed(&error))
}
