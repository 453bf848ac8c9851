//! Names of ports that ranks of all jobs of a user find.
//!
//! A published name is memory with that name, which the publishing process holds open: others find it under `/proc`. So no
//! file is left whatever ends the process, and a name lives no longer than its publisher.

use crate::sys;
use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

/// With what the names begin.
const PREFIX: &str = "ranks-name:";

/// The system's limit on a name, with the prefix.
const LONGEST: usize = 249;

/// A published name; it is withdrawn when this is dropped.
#[derive(Debug)]
pub struct Published {
    /// The name.
    pub service: String,
    /// What it stands for.
    pub port: String,
    _memory: File,
}

/// As it stands under `/proc`: a slash in a name would stay one, a byte that ends lines too.
fn entry(service: &str) -> String {
    format!("/memfd:{PREFIX}{service} (deleted)")
}

/// Publishes a name. Whether it is published already is for the caller to ask.
pub fn publish(service: &str, port: &str) -> io::Result<Published> {
    let name = format!("{PREFIX}{service}");
    if name.len() > LONGEST {
        return Err(io::Error::other(format!("a name has at most {} bytes", LONGEST - PREFIX.len())));
    }
    let memory = File::from(sys::named_memory(&CString::new(name)?)?);
    memory.write_all_at(port.as_bytes(), 0)?;
    Ok(Published { service: service.to_owned(), port: port.to_owned(), _memory: memory })
}

/// What a published name stands for.
pub fn look_up(service: &str) -> Option<String> {
    let wanted = entry(service);
    let processes = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter(|entry| entry.file_name().as_bytes().iter().all(u8::is_ascii_digit));
    // Of other users' processes nothing is seen.
    let descriptors = processes.filter_map(|process| fs::read_dir(process.path().join("fd")).ok());
    let found = descriptors.flatten().flatten().filter(|descriptor| {
        fs::read_link(descriptor.path())
            .is_ok_and(|target| target.as_os_str().as_bytes() == wanted.as_bytes())
    });
    found.filter_map(|descriptor| fs::read_to_string(descriptor.path()).ok()).find(|port| !port.is_empty())
}

#[cfg(all(test, not(loom), not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_name_lives_as_long_as_its_publisher_wants() {
        let service = format!("test of {} / ö", std::process::id());
        assert_eq!(look_up(&service), None);
        let published = publish(&service, "a port").unwrap();
        assert_eq!(look_up(&service), Some("a port".to_owned()));
        drop(published);
        assert_eq!(look_up(&service), None);
        assert!(publish(&"x".repeat(300), "a port").is_err());
    }
}
