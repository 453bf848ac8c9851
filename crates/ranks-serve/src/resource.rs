//! A file as it is served: its representations, each with the header lines that go with it.

use std::fs::{File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::OnceCell;

use super::coding::Coding;
use super::condition::Validators;
use super::reply::Piece;
use super::root::Root;
use crate::bounds::{COMPRESSED, SMALL_FILE};

/// What tells a file from another, or from itself before a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Identity {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// One form of a file: plain, or in a coding.
#[derive(Debug)]
pub struct Form {
    identity: Identity,
    /// `Content-Type` to `Vary`, for 200 and 206.
    pub lines: Bytes,
    /// What of them a 304 has.
    pub short_lines: Bytes,
    /// The bytes.
    pub content: Piece,
    /// For a part among several.
    pub content_type: String,
    tag: String,
    modified: u64,
}

impl Form {
    /// What it is known by.
    pub fn validators(&self) -> Validators<'_> {
        Validators { tag: &self.tag, modified: self.modified }
    }
}

/// A compressed form: whoever asks first makes it, others wait for it.
pub type Packed = Arc<OnceCell<Arc<Form>>>;

/// A file and what lies beside it.
#[derive(Debug)]
pub struct Resource {
    /// The file itself.
    pub plain: Arc<Form>,
    beside: Vec<(Coding, Arc<Form>)>,
    packed: Mutex<Vec<(Coding, Packed)>>,
    compressible: bool,
}

/// What is asked of a resource besides its path.
#[derive(Clone, Copy, Debug)]
pub struct Codings {
    /// Look for files compressed beforehand.
    pub beside: bool,
    /// Compress.
    pub on_the_fly: bool,
}

impl Resource {
    /// Reads what is to be known of an open regular file. What `before` knows and is still true is kept.
    pub fn load(
        root: &Root,
        path: &[u8],
        (file, metadata): (File, &Metadata),
        codings: Codings,
        before: Option<&Resource>,
    ) -> io::Result<Resource> {
        let content_type = content_type(path);
        let compressible =
            codings.on_the_fly && is_compressible(&content_type) && COMPRESSED.contains(&metadata.size());
        let mut beside = Vec::new();
        if codings.beside {
            for coding in Coding::ALL {
                let Ok(file) = root.file(&[path, coding.ending().as_bytes()].concat()) else { continue };
                let theirs = file.metadata()?;
                // One that is older than the file was made of what the file was before.
                if !theirs.is_file() || modified(&theirs) < modified(metadata) {
                    continue;
                }
                let old = before.and_then(|before| find(&before.beside, coding));
                let known = old.as_ref().is_some_and(|old| old.identity == Identity::of(&theirs));
                if !known && !coding.is_beginning(&beginning(&file)) {
                    continue;
                }
                let metadata = theirs;
                let kind = Kind { content_type: &content_type, coding: Some(coding), varies: true };
                beside.push((coding, Form::load((file, &metadata), kind, old)?));
            }
        }
        let kind =
            Kind { content_type: &content_type, coding: None, varies: compressible || !beside.is_empty() };
        let plain = Form::load((file, metadata), kind, before.map(|before| before.plain.clone()))?;
        let packed = match before {
            Some(before) if Arc::ptr_eq(&before.plain, &plain) => before.packed().clone(),
            _ => Vec::new(),
        };
        Ok(Resource { plain, beside, packed: Mutex::new(packed), compressible })
    }

    fn packed(&self) -> std::sync::MutexGuard<'_, Vec<(Coding, Packed)>> {
        self.packed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of the form in a coding, made or to be made.
    pub fn place(&self, coding: Coding) -> Packed {
        let mut packed = self.packed();
        if let Some((_, place)) = packed.iter().find(|(known, _)| *known == coding) {
            return place.clone();
        }
        packed.push((coding, Packed::default()));
        packed[packed.len() - 1].1.clone()
    }

    /// Whether another coding than none is to be had at all.
    pub fn varies(&self) -> bool {
        self.compressible || !self.beside.is_empty()
    }

    /// The form for a client that takes these codings: there already, or to be made by [`Resource::pack`]. Of what lies
    /// beside the file first, since that was somebody's wish.
    pub fn form(&self, accepted: &[Coding], whole: bool) -> Result<Arc<Form>, Coding> {
        if let Some(form) = accepted.iter().find_map(|coding| find(&self.beside, *coding)) {
            return Ok(form);
        }
        match accepted.first() {
            Some(coding) if self.compressible && whole => self.place(*coding).get().cloned().ok_or(*coding),
            _ => Ok(self.plain.clone()),
        }
    }

    /// Compresses; takes its time. What does not get shorter is the plain form.
    pub fn pack(&self, coding: Coding) -> io::Result<Arc<Form>> {
        let plain = &self.plain;
        let bytes = match &plain.content {
            Piece::Memory(bytes) => bytes.clone(),
            Piece::File(file, at, length) => read(file, *at, *length)?,
        };
        let packed = coding.compress(&bytes)?;
        Ok(if packed.len() < bytes.len() {
            let kind = Kind { content_type: &plain.content_type, coding: Some(coding), varies: true };
            Arc::new(Form::new(plain.identity, kind, Piece::Memory(packed.into()), true))
        } else {
            plain.clone()
        })
    }

    /// Whether it keeps a file open that has no name any more.
    pub fn is_deleted(&self) -> bool {
        let deleted = |form: &Form| match &form.content {
            Piece::File(file, ..) => file.metadata().is_ok_and(|metadata| metadata.nlink() == 0),
            Piece::Memory(_) => false,
        };
        deleted(&self.plain) || self.beside.iter().any(|(_, form)| deleted(form))
    }

    /// Bytes that it holds in memory now.
    pub fn weight(&self) -> usize {
        let held = |form: &Form| match &form.content {
            Piece::Memory(bytes) => bytes.len(),
            Piece::File(..) => 0,
        };
        let all = self.beside.iter().map(|(_, form)| held(form)).sum::<usize>() + held(&self.plain);
        all + self.packed().iter().filter_map(|(_, place)| place.get()).map(|form| held(form)).sum::<usize>()
    }
}

fn find(forms: &[(Coding, Arc<Form>)], wanted: Coding) -> Option<Arc<Form>> {
    forms.iter().find(|(coding, _)| *coding == wanted).map(|(_, form)| form.clone())
}

/// What the headers of a form depend on, beside the file.
#[derive(Clone, Copy)]
struct Kind<'a> {
    content_type: &'a str,
    coding: Option<Coding>,
    varies: bool,
}

impl Form {
    fn load(
        (file, metadata): (File, &Metadata),
        kind: Kind<'_>,
        old: Option<Arc<Form>>,
    ) -> io::Result<Arc<Form>> {
        let identity = Identity::of(metadata);
        if let Some(old) = old.filter(|old| old.identity == identity && old.varies() == kind.varies) {
            return Ok(old);
        }
        // A file that changes length while it is read is sent as a file: what is cut short is seen by its reader.
        let content = match identity.size <= SMALL_FILE {
            true => read(&file, 0, identity.size).ok().map(Piece::Memory),
            false => None,
        };
        let content = content.unwrap_or_else(|| Piece::File(Arc::new(file), 0, identity.size));
        Ok(Arc::new(Form::new(identity, kind, content, false)))
    }

    fn new(identity: Identity, kind: Kind<'_>, content: Piece, weak: bool) -> Form {
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        let tag = format!("{}\"{:x}-{:016x}\"", if weak { "W/" } else { "" }, identity.size, hasher.finish());
        let modified = u64::try_from(identity.modified.0).unwrap_or(0);
        // Years that a date of HTTP cannot say (RFC 9110, 5.6.7).
        let modified = modified.min(253_402_300_799);
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(modified));
        let mut short = format!("etag: {tag}\r\nlast-modified: {date}\r\n");
        if kind.varies {
            short.push_str(VARIES);
        }
        let mut lines = format!(
            "content-type: {}\r\naccept-ranges: {}\r\n",
            kind.content_type,
            if weak { "none" } else { "bytes" }
        );
        if let Some(coding) = kind.coding {
            lines.push_str(&format!("content-encoding: {}\r\n", coding.name()));
        }
        lines.push_str(&short);
        Form {
            identity,
            lines: lines.into(),
            short_lines: short.into(),
            content,
            content_type: kind.content_type.to_owned(),
            tag,
            modified,
        }
    }

    fn varies(&self) -> bool {
        self.short_lines.ends_with(VARIES.as_bytes())
    }
}

const VARIES: &str = "vary: accept-encoding\r\n";

/// Reads exactly that; a file that has become shorter is an error.
fn read(file: &File, at: u64, length: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes.into())
}

fn modified(metadata: &Metadata) -> (i64, i64) {
    (metadata.mtime(), metadata.mtime_nsec())
}

/// The first bytes of a file, by which its format is known.
fn beginning(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    let length = file.read_at(&mut bytes, 0).unwrap_or(0);
    bytes.truncate(length);
    bytes
}

/// By the ending of the name.
fn content_type(path: &[u8]) -> String {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let Some(mime) = mime_guess::from_path(&*String::from_utf8_lossy(name)).first() else {
        return "application/octet-stream".to_owned();
    };
    let essence = mime.essence_str();
    let text = mime.type_() == "text"
        || matches!(essence, "application/javascript" | "application/json" | "application/xml");
    if text { format!("{essence}; charset=utf-8") } else { essence.to_owned() }
}

fn is_compressible(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or("");
    essence.starts_with("text/")
        || ["+xml", "+json", "/json", "/xml", "/javascript", "/wasm", "/x-sh", "/rtf"]
            .iter()
            .any(|end| essence.ends_with(end))
        || matches!(essence, "font/ttf" | "font/otf" | "image/bmp" | "application/vnd.ms-fontobject")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_ending() {
        for (name, wanted) in [
            ("a/index.html", "text/html; charset=utf-8"),
            ("a.JS", "text/javascript; charset=utf-8"),
            ("a.json", "application/json; charset=utf-8"),
            ("a.png", "image/png"),
            ("a.svg", "image/svg+xml"),
            ("a.wasm", "application/wasm"),
            ("a.html/noending", "application/octet-stream"),
            ("a.", "application/octet-stream"),
        ] {
            assert_eq!(content_type(name.as_bytes()), wanted, "{name}");
        }
        assert!(is_compressible("image/svg+xml") && is_compressible("text/css; charset=utf-8"));
        assert!(!is_compressible("image/png") && !is_compressible("application/zip"));
    }
}
