//! Where output goes: the options of other launchers that name files.

use super::{UsageError, wrong};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// What was said about output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Begin each line with the time.
    pub timestamp: bool,
    /// Standard error goes where standard output goes.
    pub merge: bool,
    /// Files of each rank.
    pub copies: Option<Copies>,
    /// The file of standard output, instead of ours.
    pub out: Option<Pattern>,
    /// The file of standard error, instead of ours.
    pub error: Option<Pattern>,
}

/// Files of each rank.
#[derive(Clone, Debug, PartialEq)]
pub struct Copies {
    /// The folder, or the beginning of the files' names.
    pub place: PathBuf,
    /// `place` is a folder: `FOLDER/1/rank.N/stdout` and `stderr`; else both streams go to `PLACE.N`.
    pub folder: bool,
    /// A folder `1` for the job stands between.
    pub job: bool,
    /// Output also goes where it went without.
    pub copy: bool,
}

impl Copies {
    /// Reads `PLACE` and, behind colons, what is said about it.
    pub fn read(folder: bool, word: &OsStr) -> Result<Self, UsageError> {
        let text = word.to_string_lossy().into_owned();
        let (mut rest, mut job, mut copy) = (&*text, true, true);
        while let Some((before, said)) = rest.rsplit_once([':', ',']) {
            match said.to_ascii_lowercase().as_str() {
                "nocopy" => copy = false,
                "nojobid" => job = false,
                "raw" | "copy" => {}
                // A name may hold colons; a word of letters behind the last one is meant for us.
                other if !other.is_empty() && other.chars().all(|letter| letter.is_ascii_lowercase()) => {
                    return wrong(format!("output to {text:?}: {said:?} is neither nocopy nor nojobid"));
                }
                _ => break,
            }
            rest = before;
        }
        if rest.is_empty() {
            return wrong(format!("output to {text:?}: no name of a file"));
        }
        // Names that are no text, as they are.
        let place = if rest.len() == text.len() { word.into() } else { PathBuf::from(rest) };
        Ok(Self { place, folder, job, copy })
    }
}

impl Output {
    /// Adds what a list such as `tag,dir=FOLDER` says; true when lines are to be tagged.
    pub fn add(&mut self, name: &str, word: &OsStr) -> Result<bool, UsageError> {
        let text = word.to_string_lossy();
        let mut tag = false;
        for item in text.split(',') {
            match item.to_ascii_lowercase().as_str() {
                "tag" | "rank" | "tag-detailed" | "tag-fullname" => tag = true,
                "timestamp" => self.timestamp = true,
                "merge" | "merge-stderr-to-stdout" => self.merge = true,
                // Behind a comma as behind a colon.
                "nocopy" | "raw" => {
                    if let Some(copies) = &mut self.copies {
                        copies.copy &= item.eq_ignore_ascii_case("raw");
                    }
                }
                lower if lower.starts_with("dir=") => {
                    self.copies = Some(Copies::read(true, item[4..].as_ref())?);
                }
                lower if lower.starts_with("file=") => {
                    self.copies = Some(Copies::read(false, item[5..].as_ref())?);
                }
                _ => {
                    return wrong(format!(
                        "{name} {item}: not known; it is tag, timestamp, merge, dir=FOLDER or file=NAME"
                    ));
                }
            }
        }
        Ok(tag)
    }
}

/// A file's name with what differs between ranks.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(OsString);

impl Pattern {
    /// Reads a pattern.
    pub fn read(name: &str, word: &OsStr) -> Result<Self, UsageError> {
        let pattern = Self(word.to_owned());
        match pattern.with(0, "") {
            Ok(file) if file.is_empty() => wrong(format!("{name}: no name of a file")),
            Ok(_) => Ok(pattern),
            Err(letter) => wrong(format!(
                "{name} {}: %{letter} is not known; it is %r (rank), %h (host), %g, %p or %%",
                word.to_string_lossy()
            )),
        }
    }

    /// The file of a rank.
    pub fn of(&self, rank: usize, host: &str) -> PathBuf {
        self.with(rank, host).unwrap_or_default().into()
    }

    fn with(&self, rank: usize, host: &str) -> Result<OsString, char> {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};
        let mut made = Vec::new();
        let mut bytes = self.0.as_bytes().iter();
        while let Some(&byte) = bytes.next() {
            match (byte, (byte == b'%').then(|| bytes.next()).flatten()) {
                (b'%', Some(b'r')) => made.extend_from_slice(rank.to_string().as_bytes()),
                (b'%', Some(b'h')) => made.extend_from_slice(host.as_bytes()),
                // One group of processes, one machine.
                (b'%', Some(b'g' | b'p')) => made.push(b'0'),
                (b'%', Some(b'%')) => made.push(b'%'),
                (b'%', other) => return Err(other.map_or(' ', |&letter| char::from(letter))),
                (byte, _) => made.push(byte),
            }
        }
        Ok(OsString::from_vec(made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn patterns() {
        let of = |text: &str| {
            Pattern::read("-outfile-pattern", text.as_ref()).map(|pattern| pattern.of(3, "here"))
        };
        assert_eq!(of("out.%r-%g%p-%h%%").unwrap(), PathBuf::from("out.3-00-here%"));
        assert!(of("a%z").unwrap_err().0.contains("%z is not known"));
        assert!(of("a%").is_err() && of("").is_err());
    }

    #[test]
    fn lists() {
        let mut output = Output::default();
        assert_eq!(output.add("--output", "tag,TIMESTAMP,dir=/a:b1:nocopy,merge".as_ref()), Ok(true));
        let copies = Copies { place: "/a:b1".into(), folder: true, job: true, copy: false };
        assert_eq!(
            output,
            Output { timestamp: true, merge: true, copies: Some(copies), out: None, error: None }
        );
        assert_eq!(output.add("--output", "file=x".as_ref()), Ok(false));
        assert!(output.copies.is_some_and(|copies| !copies.folder && copies.copy));
        for bad in ["xml", "", "dir=", "file=:nocopy", "dir=/o:noooocopy", "dir=od4:bogus", "file=a:b"] {
            assert!(Output::default().add("--output", bad.as_ref()).is_err(), "{bad}");
        }
        let copies = Copies::read(true, "f:nojobid,nocopy".as_ref()).unwrap();
        assert!(!copies.job && !copies.copy && copies.place == Path::new("f"));
    }
}
