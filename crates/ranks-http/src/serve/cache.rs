//! What a rank knows of files, by path, within limits.
//!
//! Two generations: what is asked for moves into the young one; when that is half as large as all may be, the old one is
//! forgotten and the young one is the old one. So what is in use stays, and nothing is sorted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::resource::Resource;
use crate::bounds::{CACHE_BYTES, CACHE_FILES, FRESH};

/// A file, and when it was last looked at.
#[derive(Clone, Debug)]
pub struct Known {
    /// The file.
    pub resource: Arc<Resource>,
    checked: Instant,
}

impl Known {
    /// Whether it may be taken to be as it was.
    pub fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.checked) < FRESH
    }
}

/// The paths and their files.
#[derive(Debug, Default)]
pub struct Cache {
    young: HashMap<Box<str>, Known>,
    old: HashMap<Box<str>, Known>,
    /// Bytes of the young ones.
    bytes: usize,
}

impl Cache {
    /// What is known of a path.
    pub fn get(&mut self, path: &str) -> Option<Known> {
        if let Some(known) = self.young.get(path) {
            return Some(known.clone());
        }
        let (path, known) = self.old.remove_entry(path)?;
        self.insert(path, known.clone());
        Some(known)
    }

    /// Remembers a file that was just looked at.
    pub fn put(&mut self, path: &str, resource: Arc<Resource>, now: Instant) {
        self.old.remove(path);
        self.insert(path.into(), Known { resource, checked: now });
    }

    /// A file has come to weigh more.
    pub fn grown(&mut self, by: usize) {
        self.bytes += by;
        self.age();
    }

    fn insert(&mut self, path: Box<str>, known: Known) {
        self.bytes += known.resource.weight();
        if let Some(before) = self.young.insert(path, known) {
            self.bytes = self.bytes.saturating_sub(before.resource.weight());
        }
        self.age();
    }

    fn age(&mut self) {
        if self.bytes > CACHE_BYTES / 2 || self.young.len() > CACHE_FILES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}
