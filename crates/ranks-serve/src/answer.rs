//! From a request to its answer, whatever protocol it came in.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use bytes::Bytes;

use super::condition::{self, Outcome};
use super::head::Head;
use super::range::{Ranges, ranges};
use super::reply::{Body, Piece, Reply, page};
use super::resource::{Form, Resource};
use super::site::Site;
use super::target::{Names, encode, names, split};
use super::{coding, cors, listing};
use crate::bounds::COUNTS_WAIT;

/// The methods that are served.
const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// Methods that are known and not served: 405. All others: 501 (RFC 9110, 9.1; the registry of IANA).
const KNOWN: [&str; 36] = [
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Whether a request only reads, so that its body means nothing.
pub fn reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// Answers.
pub async fn answer(site: &Arc<Site>, head: &Head<'_>, client: IpAddr) -> Reply {
    let mut reply = match route(site, head, client).await {
        Ok(reply) => reply,
        Err(status) => error(site, status),
    };
    if !site.options.cors.is_empty() {
        cors::allow(&site.options.cors, head, &mut reply);
    }
    reply
}

/// The answer for a status of 400 or more.
pub fn error(site: &Site, status: u16) -> Reply {
    let body = site.error_page(status).unwrap_or_else(|| page(status).into());
    let mut reply = Reply::text(status, "text/html; charset=utf-8", body);
    match status {
        405 => reply.header("allow", ALLOWED),
        401 => reply.header("www-authenticate", "Basic realm=\"ranks serve\", charset=\"UTF-8\""),
        _ => {}
    }
    reply
}

async fn route(site: &Arc<Site>, head: &Head<'_>, client: IpAddr) -> Result<Reply, u16> {
    if !reads(head.method) {
        return Err(if KNOWN.contains(&head.method) { 405 } else { 501 });
    }
    if head.method == "OPTIONS" {
        let asterisk = head.target == "*";
        if !asterisk {
            split(head.target).and_then(|target| names(target.raw)).ok_or(400u16)?;
        }
        let mut reply = Reply::empty(204);
        reply.header("allow", ALLOWED);
        return Ok(reply);
    }
    let target = split(head.target).ok_or(400u16)?;
    if let Some(auth) = &site.auth
        && !auth.admits(head.get("authorization"), client).await
    {
        return Err(401);
    }
    if site.options.metrics.as_deref() == Some(target.raw) {
        let counts = tokio::time::timeout(COUNTS_WAIT, (site.ask_counts)()).await;
        let Ok(Ok(counts)) = counts else { return Err(503) };
        return Ok(Reply::text(200, "text/plain; version=0.0.4; charset=utf-8", counts));
    }
    let now = Instant::now();
    let known = site.cache().get(target.raw);
    let before = match known {
        Some(known) if known.is_fresh(now) => return file(site, head, &known.resource).await,
        known => known.map(|known| known.resource),
    };
    let path = names(target.raw).ok_or(400u16)?;
    // However its path is spelled, a file is known by one name.
    let key =
        format!("/{}{}", encode(&path.path), if path.slash && !path.path.is_empty() { "/" } else { "" });
    let known = if before.is_none() && key != target.raw { site.cache().get(&key) } else { None };
    let before = match known {
        Some(known) if known.is_fresh(now) => return file(site, head, &known.resource).await,
        known => before.or(known.map(|known| known.resource)),
    };
    match look(site, path, before.as_deref(), now) {
        Ok(Found::File(resource)) => {
            site.cache().put(&key, resource.clone(), now);
            file(site, head, &resource).await
        }
        Ok(Found::Folder(names)) if !names.slash => {
            let mut reply = Reply::text(301, "text/html; charset=utf-8", page(301));
            let query = target.query.map(|query| format!("?{query}")).unwrap_or_default();
            reply.header("location", &format!("/{}/{query}", encode(&names.path)));
            Ok(reply)
        }
        Ok(Found::Folder(names)) if site.options.listing => {
            listing::reply(site.clone(), names, target.query.unwrap_or(""), head).await
        }
        Ok(Found::Folder(_)) => fallback(site, head, now, 404).await,
        Err(status) => fallback(site, head, now, status).await,
    }
}

enum Found {
    File(Arc<Resource>),
    /// One without an index, or whose path lacks the slash.
    Folder(Names),
}

fn look(site: &Site, mut path: Names, before: Option<&Resource>, now: Instant) -> Result<Found, u16> {
    if path.hidden && !site.options.hidden {
        return Err(404);
    }
    let (mut file, mut metadata) = open(site, &path.path).map_err(|error| status(&error))?;
    if metadata.is_dir() {
        if !path.slash && !path.path.is_empty() {
            return Ok(Found::Folder(path));
        }
        path.slash = true;
        let index = match path.path.is_empty() {
            true => site.options.index.clone().into_bytes(),
            false => [&path.path, site.options.index.as_bytes()].join(&b'/'),
        };
        match open(site, &index) {
            Ok(found) if found.1.is_file() => (file, metadata) = found,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(403),
            _ => return Ok(Found::Folder(path)),
        }
        path.path = index;
        // The index of a folder is a file with a path of its own: both share what is known of it.
        let key = format!("/{}", encode(&path.path));
        let known = site.cache().get(&key);
        if let Some(known) = known.as_ref().filter(|known| known.is_fresh(now)) {
            return Ok(Found::File(known.resource.clone()));
        }
        let before = known.as_ref().map(|known| &*known.resource).or(before);
        let resource = load(site, &path.path, (file, &metadata), before)?;
        site.cache().put(&key, resource.clone(), now);
        return Ok(Found::File(resource));
    } else if path.slash {
        return Err(404);
    }
    if !metadata.is_file() {
        return Err(404);
    }
    load(site, &path.path, (file, &metadata), before).map(Found::File)
}

fn load(
    site: &Site,
    path: &[u8],
    found: (File, &Metadata),
    before: Option<&Resource>,
) -> Result<Arc<Resource>, u16> {
    let resource = Resource::load(&site.root, path, found, site.codings, before);
    resource.map(Arc::new).map_err(|error| status(&error))
}

fn open(site: &Site, path: &[u8]) -> io::Result<(File, Metadata)> {
    let file = site.root.file(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// What there is not, or not here, is 404; of the rest it is said that it is this side's fault.
fn status(error: &io::Error) -> u16 {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::ACCESS) => 403,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => 503,
        Some(Errno::IO) => 500,
        _ => 404,
    }
}

/// For single-page applications: the one page, instead of 404.
async fn fallback(site: &Arc<Site>, head: &Head<'_>, now: Instant, status: u16) -> Result<Reply, u16> {
    let Some(path) = site.options.fallback.as_ref().filter(|_| status == 404) else { return Err(status) };
    // No path of a request is empty, so this is a key of its own.
    let known = site.cache().get("");
    if let Some(known) = known.as_ref().filter(|known| known.is_fresh(now)) {
        return file(site, head, &known.resource).await;
    }
    let path = site.options.folder.join(path);
    let before = known.as_ref().map(|known| &*known.resource);
    let loaded = File::open(&path).and_then(|file| {
        let metadata = file.metadata()?;
        let name = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
        let codings = super::resource::Codings { beside: false, ..site.codings };
        Resource::load(&site.root, name, (file, &metadata), codings, before)
    });
    let resource = Arc::new(loaded.map_err(|_| 404u16)?);
    site.cache().put("", resource.clone(), now);
    file(site, head, &resource).await
}

/// The answer of a file: conditions, coding, ranges.
async fn file(site: &Arc<Site>, head: &Head<'_>, resource: &Arc<Resource>) -> Result<Reply, u16> {
    let range = head.get("range").filter(|_| head.method == "GET");
    let form = match resource.varies() {
        false => resource.plain.clone(),
        true => {
            let accepted = coding::accepted(head.list("accept-encoding").as_deref());
            match resource.form(&accepted, range.is_none()) {
                Ok(form) => form,
                Err(coding) => pack(site, resource, coding).await,
            }
        }
    };
    let mut reply = whole(&form);
    match condition::outcome(head, form.validators()) {
        Outcome::Proceed => {}
        Outcome::NotModified => {
            reply =
                Reply { status: 304, made: form.short_lines.clone(), own: String::new(), body: Body::EMPTY };
        }
        Outcome::Failed => return Err(412),
    }
    if let Some(range) =
        range.filter(|_| reply.status == 200 && condition::range_counts(head, form.validators()))
    {
        reply = match ranges(range, form.content.len()) {
            Ranges::Whole => reply,
            Ranges::Parts(parts) => partial(&form, &parts),
            Ranges::Unsatisfiable => {
                let mut reply = error(site, 416);
                reply.header("content-range", &format!("bytes */{}", form.content.len()));
                reply
            }
        };
    }
    if let Some(value) = site.options.cache_control.as_ref().filter(|_| reply.status < 400) {
        reply.header("cache-control", value);
    }
    Ok(reply)
}

/// Compresses on another thread, once for all who wait for the same form; what cannot be compressed is sent as it is.
async fn pack(site: &Arc<Site>, resource: &Arc<Resource>, coding: coding::Coding) -> Arc<Form> {
    let place = resource.place(coding);
    let make = async || {
        // Each needs memory for the file and more: few at a time, the others wait.
        let _permit = site.packing.acquire().await;
        site.counts.compressed.fetch_add(1, Relaxed);
        let theirs = resource.clone();
        match tokio::task::spawn_blocking(move || theirs.pack(coding)).await {
            Ok(Ok(form)) => {
                if !Arc::ptr_eq(&form, &resource.plain) {
                    site.cache().grown(form.content.len() as usize);
                }
                form
            }
            _ => resource.plain.clone(),
        }
    };
    place.get_or_init(make).await.clone()
}

fn whole(form: &Form) -> Reply {
    Reply { status: 200, made: form.lines.clone(), own: String::new(), body: Body::One(form.content.clone()) }
}

fn partial(form: &Form, parts: &[(u64, u64)]) -> Reply {
    let size = form.content.len();
    let range = |first: u64, length: u64| format!("bytes {first}-{}/{size}", first + length - 1);
    let mut reply = whole(form);
    reply.status = 206;
    if let [(first, length)] = *parts {
        reply.header("content-range", &range(first, length));
        reply.body = Body::One(form.content.part(first, length));
        return reply;
    }
    // In no file, but by a chance of one in 2^64.
    let boundary = format!("{:016x}", fastrand::u64(..));
    let mut pieces = Vec::with_capacity(2 * parts.len() + 1);
    for &(first, length) in parts {
        let before = format!(
            "\r\n--{boundary}\r\ncontent-type: {}\r\ncontent-range: {}\r\n\r\n",
            form.content_type,
            range(first, length)
        );
        pieces.push(Piece::Memory(before.into()));
        pieces.push(form.content.part(first, length));
    }
    pieces.push(Piece::Memory(format!("\r\n--{boundary}--\r\n").into()));
    // Its own type stands in the parts.
    let made = String::from_utf8_lossy(&form.lines).into_owned();
    let rest =
        made.split_inclusive('\n').filter(|line| !line.starts_with("content-type:")).collect::<String>();
    reply.made = Bytes::from(rest);
    reply.header("content-type", &format!("multipart/byteranges; boundary={boundary}"));
    reply.body = Body::Many(pieces);
    reply
}
