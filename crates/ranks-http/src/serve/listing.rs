//! What is in a folder, as a page to read and sort, or as JSON.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::Dir;
use serde::Serialize;

use super::head::Head;
use super::reply::Reply;
use super::site::Site;
use super::target::{Names, encode};
use crate::bounds::LISTED;

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
}

impl Listing {
    /// Cuts the sorted entries to the number that is shown.
    fn new(mut entries: Vec<Entry>) -> Listing {
        let total = entries.len();
        entries.truncate(LISTED);
        Listing { total, truncated: total > LISTED, entries }
    }
}

/// By which column, and which way: `?sort=size&order=desc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    column: Column,
    down: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Size,
    Date,
}

impl Order {
    fn of(query: &str) -> Order {
        let get = |key: &str| {
            query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key)
        };
        let column = match get("sort").map(|(_, value)| value) {
            Some("size") => Column::Size,
            Some("date") => Column::Date,
            _ => Column::Name,
        };
        Order { column, down: get("order").is_some_and(|(_, value)| value == "desc") }
    }

    /// Folders first, whichever way.
    fn sort(self, entries: &mut [Entry]) {
        entries.sort_by(|a, b| {
            let by = match self.column {
                Column::Name => a.bytes.cmp(&b.bytes),
                Column::Size => a.size.cmp(&b.size).then_with(|| a.bytes.cmp(&b.bytes)),
                Column::Date => a.modified.cmp(&b.modified).then_with(|| a.bytes.cmp(&b.bytes)),
            };
            let by = if self.down { by.reverse() } else { by };
            (a.kind != "directory").cmp(&(b.kind != "directory")).then(by)
        });
    }
}

/// The answer: read on another thread, since a folder may be long and its disk slow.
pub async fn reply(site: Arc<Site>, folder: Names, query: &str, head: &Head<'_>) -> Result<Reply, u16> {
    let order = Order::of(query);
    let as_json = head.list("accept").is_some_and(|accept| {
        let accept = String::from_utf8_lossy(&accept).to_ascii_lowercase();
        accept.contains("application/json") && !accept.contains("text/html")
    });
    let reading = tokio::task::spawn_blocking(move || {
        let mut entries = read(&site, &folder)?;
        order.sort(&mut entries);
        Ok::<_, u16>((Listing::new(entries), folder))
    });
    let (listing, folder) = reading.await.map_err(|_| 500u16)??;
    let mut reply = if as_json {
        Reply::text(200, "application/json; charset=utf-8", serde_json::to_vec(&listing).unwrap_or_default())
    } else {
        Reply::text(200, "text/html; charset=utf-8", page(&folder, &listing, order))
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

fn page(folder: &Names, listing: &Listing, order: Order) -> String {
    let shown = String::from_utf8_lossy(std::ffi::OsStr::from_bytes(&folder.path).as_bytes()).into_owned();
    let title = format!("/{}{}", escape(&shown), if shown.is_empty() { "" } else { "/" });
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n\
         <table><thead><tr>"
    );
    for (column, name, text) in
        [(Column::Name, "name", "Name"), (Column::Size, "size", "Size"), (Column::Date, "date", "Changed")]
    {
        let mine = order.column == column;
        let arrow = if !mine {
            ""
        } else if order.down {
            " ▼"
        } else {
            " ▲"
        };
        let way = if mine && !order.down { "desc" } else { "asc" };
        page.push_str(&format!("<th><a href=\"?sort={name}&amp;order={way}\">{text}{arrow}</a></th>"));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    if !folder.path.is_empty() {
        page.push_str("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    for entry in &listing.entries {
        let slash = if entry.kind == "directory" { "/" } else { "" };
        let size = if entry.kind == "file" { readable(entry.size) } else { String::new() };
        page.push_str(&format!(
            "<tr><td><a href=\"./{}{slash}\">{}{slash}</a></td><td>{size}</td><td>{}</td></tr>\n",
            encode(&entry.bytes),
            escape(&entry.name),
            date(entry.modified)
        ));
    }
    page.push_str("</tbody></table>\n");
    if listing.truncated {
        page.push_str(&format!("<p>The first {LISTED} of {} are shown.</p>\n", listing.total));
    }
    page.push_str("</body></html>\n");
    page
}

const STYLE: &str = "body{font-family:sans-serif;margin:2em;color-scheme:light dark}table{border-collapse:collapse}\
    th,td{text-align:left;padding:.2em 1.5em .2em 0}td:nth-child(2){text-align:right}\
    td:nth-child(n+2){font-variant-numeric:tabular-nums;white-space:nowrap}";

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

fn readable(size: u64) -> String {
    let mut value = size as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{size} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TiB")
}

/// `1994-11-06 08:49` (UTC), out of the date that HTTP writes.
fn date(seconds: u64) -> String {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799)));
    let month = MONTHS.find(&text[8..11]).map_or(0, |at| at / 3 + 1);
    format!("{}-{month:02}-{} {}", &text[12..16], &text[5..7], &text[17..22])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: &'static str, size: u64, modified: u64) -> Entry {
        Entry { name: name.into(), bytes: name.as_bytes().to_vec(), kind, size, modified }
    }

    #[test]
    fn sorted_as_the_query_says() {
        let sorted = |query: &str| {
            let mut entries = vec![
                entry("b", "file", 5, 1),
                entry("d", "directory", 0, 9),
                entry("a", "file", 7, 3),
                entry("c", "file", 5, 2),
            ];
            Order::of(query).sort(&mut entries);
            entries.iter().map(|entry| entry.name.clone()).collect::<String>()
        };
        for (query, wanted) in [
            ("", "dabc"),
            ("order=desc", "dcba"),
            ("sort=size", "dbca"),
            ("sort=date&order=desc", "dacb"),
            ("sort=nonsense&x&=", "dabc"),
        ] {
            assert_eq!(sorted(query), wanted, "{query}");
        }
    }

    #[test]
    fn a_long_listing_is_sorted_before_it_is_cut_and_says_so() {
        let mut entries: Vec<Entry> =
            (0..LISTED as u64 + 5).rev().map(|n| entry(&format!("{n:06}"), "file", n, 0)).collect();
        Order::of("sort=size").sort(&mut entries);
        let listing = Listing::new(entries);
        assert_eq!((listing.entries.len(), listing.total, listing.truncated), (LISTED, LISTED + 5, true));
        assert_eq!(listing.entries[0].name, "000000");
        let json: serde_json::Value = serde_json::to_value(&listing).unwrap();
        assert_eq!((&json["truncated"], &json["total"]), (&true.into(), &(LISTED + 5).into()));
        let folder = Names { path: Vec::new(), slash: true, hidden: false };
        assert!(
            page(&folder, &listing, Order::of("")).contains("<p>The first 20000 of 20005 are shown.</p>")
        );
        assert!(!Listing::new(Vec::new()).truncated);
    }

    #[test]
    fn names_are_no_markup_and_no_hosts() {
        let folder = Names { path: b"a<b".to_vec(), slash: true, hidden: false };
        let entries =
            vec![entry("<script>\"'&", "file", 2048, 784_111_777), entry("javascript:x", "directory", 0, 0)];
        let page = page(&folder, &Listing::new(entries), Order::of(""));
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;&quot;&#39;&amp;"));
        assert!(
            page.contains("href=\"./%3Cscript%3E%22%27%26\"") && page.contains("href=\"./javascript%3Ax/\"")
        );
        assert!(page.contains("2.0 KiB</td><td>1994-11-06 08:49"));
    }
}
