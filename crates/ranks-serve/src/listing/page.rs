//! A listing as a page: it needs no script, and follows the reader's light or dark theme.

use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, UNIX_EPOCH};

use super::kind::{Kind, SYMBOLS};
use super::order::{Column, View};
use super::{Entry, Listing};
use crate::bounds::LISTED;
use crate::target::{Names, encode};

const STYLE: &str = include_str!("page.css");

/// The page of a folder.
pub fn page(folder: &Names, listing: &Listing, view: &View) -> String {
    let path = String::from_utf8_lossy(std::ffi::OsStr::from_bytes(&folder.path).as_bytes()).into_owned();
    let title = format!("/{}{}", escape(&path), if path.is_empty() { "" } else { "/" });
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title>\n<style>{STYLE}</style></head>\n<body>\n\
         {SYMBOLS}<h1>{}</h1>\n",
        path_as_links(&path)
    );
    page.push_str(&search(view));
    page.push_str(&format!("<p>{}</p>\n<table><thead><tr>", counted(listing, view)));
    for (column, name, text) in [
        (Column::Name, "name", "Name"),
        (Column::Size, "size", "Size"),
        (Column::Date, "date", "Changed (UTC)"),
    ] {
        page.push_str(&heading(view, column, name, text));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    if !folder.path.is_empty() {
        let icon = Kind::Folder.icon();
        page.push_str(&format!("<tr><td><a href=\"../\">{icon}../</a></td><td></td><td></td></tr>\n"));
    }
    for entry in &listing.entries {
        page.push_str(&row(entry));
    }
    page.push_str("</tbody></table>\n");
    if listing.truncated {
        page.push_str(&format!("<p>The first {LISTED} of {} are shown.</p>\n", listing.total));
    }
    page.push_str("</body></html>\n");
    page
}

/// Each folder on the way from the root, as a link that holds behind a proxy too: it names no host and no root.
fn path_as_links(path: &str) -> String {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let mut links = String::new();
    for (at, name) in std::iter::once("Home").chain(names.iter().copied()).enumerate() {
        let up = names.len() - at;
        let name = escape(name);
        if up == 0 {
            links.push_str(&format!("<span>{name}</span>"));
        } else {
            links.push_str(&format!("<a href=\"{}\">{name}</a> / ", "../".repeat(up)));
        }
    }
    links
}

/// The field that asks for a part of a name. The order stays as it is.
fn search(view: &View) -> String {
    let sort = match view.order.column {
        Column::Name => "name",
        Column::Size => "size",
        Column::Date => "date",
    };
    let order = if view.order.down { "desc" } else { "asc" };
    format!(
        "<form><input type=\"hidden\" name=\"sort\" value=\"{sort}\"><input type=\"hidden\" name=\"order\" \
         value=\"{order}\"><input type=\"search\" name=\"filter\" value=\"{}\" placeholder=\"Part of a name\" \
         aria-label=\"Part of a name\"><button>Filter</button></form>\n",
        escape(&view.filter)
    )
}

/// How many folders and files there are, and how long the files are together.
fn counted(listing: &Listing, view: &View) -> String {
    let many =
        |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
    let mut text = format!(
        "{}, {}, {}",
        many(listing.folders, "folder", "folders"),
        many(listing.total - listing.folders, "file", "files"),
        readable(listing.bytes)
    );
    if !view.filter.is_empty() {
        text.push_str(&format!(" with \u{201c}{}\u{201d} in their names", escape(&view.filter)));
    }
    text
}

/// A heading sorts by its column; a second use turns the order round.
fn heading(view: &View, column: Column, name: &str, text: &str) -> String {
    let (mine, down) = (view.order.column == column, view.order.down);
    let (arrow, sorted) = match (mine, down) {
        (false, _) => ("", ""),
        (true, false) => (" \u{25b2}", " aria-sort=\"ascending\""),
        (true, true) => (" \u{25bc}", " aria-sort=\"descending\""),
    };
    let way = if mine && !down { "desc" } else { "asc" };
    let filter = encode(view.filter.as_bytes()).replace('/', "%2F");
    let kept = if filter.is_empty() { String::new() } else { format!("&amp;filter={filter}") };
    format!("<th{sorted}><a href=\"?sort={name}&amp;order={way}{kept}\">{text}{arrow}</a></th>")
}

fn row(entry: &Entry) -> String {
    let folder = entry.kind == "directory";
    let slash = if folder { "/" } else { "" };
    format!(
        "<tr><td><a href=\"./{}{slash}\">{}<bdi>{}</bdi>{slash}</a></td><td>{}</td><td>{}</td></tr>\n",
        encode(&entry.bytes),
        Kind::of(entry).icon(),
        escape(&entry.name),
        if folder { String::new() } else { readable(entry.size) },
        date(entry.modified)
    )
}

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
    use super::super::tests::{entry, names};
    use super::*;

    #[test]
    fn names_are_no_markup_and_no_hosts() {
        let folder = names("a<b");
        let entries =
            vec![entry("<script>\"'&", "file", 2048, 784_111_777), entry("javascript:x", "directory", 0, 0)];
        let page = page(&folder, &Listing::new(entries), &View::default());
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;&quot;&#39;&amp;"));
        assert!(
            page.contains("href=\"./%3Cscript%3E%22%27%26\"") && page.contains("href=\"./javascript%3Ax/\"")
        );
        assert!(page.contains("2.0 KiB</td><td>1994-11-06 08:49"));
    }

    #[test]
    fn the_path_is_links_that_go_up() {
        let page = page(&names("a/b & c/d"), &Listing::new(Vec::new()), &View::default());
        let wanted = "<a href=\"../../../\">Home</a> / <a href=\"../../\">a</a> / <a href=\"../\">b &amp; c</a> / <span>d</span>";
        assert!(page.contains(wanted), "{page}");
        assert!(page.contains("<a href=\"../\"><svg"));
        assert!(path_as_links("") == "<span>Home</span>");
    }

    #[test]
    fn filter_and_order_keep_each_other() {
        let view = View::of("sort=size&order=desc&filter=a%22%26/b");
        let page = page(&names(""), &Listing::new(vec![entry("a\"&/b", "file", 1, 0)]), &view);
        assert!(page.contains("value=\"a&quot;&amp;/b\""), "{page}");
        assert!(page.contains("?sort=name&amp;order=asc&amp;filter=a%22%26%2Fb"));
        assert!(
            page.contains("name=\"sort\" value=\"size\"") && page.contains("name=\"order\" value=\"desc\"")
        );
        assert!(page.contains("0 folders, 1 file, 1 B with \u{201c}a&quot;&amp;/b\u{201d} in their names"));
        assert!(page.contains("aria-sort=\"descending\""));
    }
}
