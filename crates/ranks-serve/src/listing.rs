//! What is in a folder, as a page to read and sort, or as JSON.

mod kind;
mod order;
mod page;

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rustix::fs::Dir;
use serde::Serialize;

use super::head::Head;
use super::reply::Reply;
use super::site::Site;
use super::target::Names;
use crate::bounds::LISTED;
use order::View;

#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    #[serde(skip)]
    bytes: Vec<u8>,
    #[serde(rename = "type")]
    kind: &'static str,
    size: u64,
    /// Seconds since 1970.
    modified: u64,
}

/// What is shown of a folder: the first entries in the order that was asked for, and how many there are in all.
#[derive(Debug, Serialize)]
struct Listing {
    total: usize,
    truncated: bool,
    entries: Vec<Entry>,
    /// How many of all are folders.
    #[serde(skip)]
    folders: usize,
    /// The length of all files together.
    #[serde(skip)]
    bytes: u64,
}

impl Listing {
    /// Cuts the sorted entries to the number that is shown.
    fn new(mut entries: Vec<Entry>) -> Listing {
        let total = entries.len();
        let folders = entries.iter().filter(|entry| entry.kind == "directory").count();
        let bytes = entries.iter().map(|entry| entry.size).sum();
        entries.truncate(LISTED);
        Listing { total, truncated: total > LISTED, entries, folders, bytes }
    }
}

/// The answer: read on another thread, since a folder may be long and its disk slow.
pub async fn reply(site: Arc<Site>, folder: Names, query: &str, head: &Head<'_>) -> Result<Reply, u16> {
    let view = View::of(query);
    let as_json = head.list("accept").is_some_and(|accept| {
        let accept = String::from_utf8_lossy(&accept).to_ascii_lowercase();
        accept.contains("application/json") && !accept.contains("text/html")
    });
    let reading = tokio::task::spawn_blocking(move || {
        let mut entries = read(&site, &folder)?;
        view.apply(&mut entries);
        Ok::<_, u16>((Listing::new(entries), folder, view))
    });
    let (listing, folder, view) = reading.await.map_err(|_| 500u16)??;
    let mut reply = if as_json {
        Reply::text(200, "application/json; charset=utf-8", serde_json::to_vec(&listing).unwrap_or_default())
    } else {
        Reply::text(200, "text/html; charset=utf-8", page::page(&folder, &listing, &view))
    };
    reply.header("vary", "accept");
    reply.header("cache-control", "no-cache");
    Ok(reply)
}

/// All entries that would be served.
fn read(site: &Site, folder: &Names) -> Result<Vec<Entry>, u16> {
    let open = site.root.file(&folder.path).map_err(|_| 404u16)?;
    let mut entries = Vec::new();
    for entry in Dir::read_from(&open).map_err(|_| 404u16)? {
        let Ok(entry) = entry else { break };
        let name = entry.file_name().to_bytes();
        let plain = !name.iter().any(|byte| *byte < 0x20 || matches!(byte, b'\\' | 0x7f));
        if matches!(name, b"." | b"..") || !plain || (name.starts_with(b".") && !site.options.hidden) {
            continue;
        }
        // Links are followed only as far as the root allows, as when they are asked for.
        let path = if folder.path.is_empty() { name.to_vec() } else { [&folder.path[..], name].join(&b'/') };
        let Ok(metadata) = site.root.look(&path) else { continue };
        let kind = match metadata.file_type() {
            kind if kind.is_dir() => "directory",
            kind if kind.is_file() => "file",
            _ => continue,
        };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        entries.push(Entry {
            name: String::from_utf8_lossy(name).into_owned(),
            bytes: name.to_vec(),
            kind,
            size: if kind == "file" { metadata.len() } else { 0 },
            modified: modified.map_or(0, |since| since.as_secs()),
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn entry(name: &str, kind: &'static str, size: u64, modified: u64) -> Entry {
        Entry { name: name.into(), bytes: name.as_bytes().to_vec(), kind, size, modified }
    }

    pub(super) fn names(path: &str) -> Names {
        Names { path: path.as_bytes().to_vec(), slash: true, hidden: false }
    }

    #[test]
    fn a_long_listing_is_sorted_before_it_is_cut_and_says_so() {
        let mut entries: Vec<Entry> =
            (0..LISTED as u64 + 5).rev().map(|n| entry(&format!("{n:06}"), "file", n, 0)).collect();
        View::of("sort=size").apply(&mut entries);
        let listing = Listing::new(entries);
        assert_eq!((listing.entries.len(), listing.total, listing.truncated), (LISTED, LISTED + 5, true));
        assert_eq!(listing.entries[0].name, "000000");
        let json: serde_json::Value = serde_json::to_value(&listing).unwrap();
        assert_eq!((&json["truncated"], &json["total"]), (&true.into(), &(LISTED + 5).into()));
        let page = page::page(&names(""), &listing, &View::default());
        assert!(page.contains("<p>The first 20000 of 20005 are shown.</p>"));
        assert!(!Listing::new(Vec::new()).truncated);
    }
}
