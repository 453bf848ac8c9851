//! Host options: this machine's own names are accepted, others refused clearly.

use crate::launch::StartError;
use crate::{program, sys};
use std::path::PathBuf;

/// Checks hosts and host files.
pub fn check(hosts: &[String], files: &[PathBuf]) -> Result<(), StartError> {
    let own = sys::host_name();
    for host in hosts.iter().filter_map(|entry| host_of(entry)) {
        refuse_others(&host, &own)?;
    }
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| {
            StartError::usage(format!("host file {}: {}", file.display(), program::reason(&error)))
        })?;
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            if let Some(host) = line.split_whitespace().next().and_then(host_of) {
                refuse_others(&host, &own)?;
            }
        }
    }
    Ok(())
}

/// The host in `user@host:4`.
fn host_of(entry: &str) -> Option<String> {
    let entry = entry.trim();
    let host = entry.rsplit_once('@').map_or(entry, |(_, host)| host);
    let host = if host == "::1" { host } else { host.split(':').next().unwrap_or_default() };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

fn refuse_others(host: &str, own: &str) -> Result<(), StartError> {
    let own = own.to_ascii_lowercase();
    let short = own.split('.').next().unwrap_or(&own);
    if ["localhost", "127.0.0.1", "::1", &own, short].contains(&host) {
        return Ok(());
    }
    Err(StartError::usage(format!(
        "host {host}: another machine; ranks run on this machine only so far ({own}, localhost)"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_entries() {
        for (entry, host) in [("a", "a"), ("A:4", "a"), ("me@b:2", "b"), ("::1", "::1"), (" c ", "c")] {
            assert_eq!(host_of(entry).as_deref(), Some(host));
        }
        assert_eq!(host_of(""), None);
        assert!(refuse_others("node1", "node1.example.org").is_ok());
        assert!(refuse_others("node2", "node1").is_err_and(|e| e.to_string().contains("another machine")));
    }
}
