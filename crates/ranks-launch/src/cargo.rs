//! `--example NAME` and `--bin NAME`: cargo builds once, then the ranks run what it made.

use crate::outcome::StartError;
use crate::parse::{Cargo, Target};
use crate::program;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Builds the target and says where its executable is. Cargo's own messages go to standard error. Like
/// `cargo run` this builds for debugging unless `--release` is said.
pub fn build(cargo: &Cargo, target: Target, name: &OsStr) -> Result<PathBuf, StartError> {
    let kind = match target {
        Target::Example => "--example",
        Target::Bin => "--bin",
    };
    let command = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(&command)
        .args(["build", "--message-format=json-render-diagnostics", kind])
        .arg(name)
        .args(&cargo.flags)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            let text = format!(
                "{}: {} ({kind} needs cargo)",
                command.to_string_lossy(),
                crate::outcome::reason(&error)
            );
            StartError::new(program::NOT_FOUND, text)
        })?;
    if !output.status.success() {
        let code = output.status.code().unwrap_or(1);
        return Err(StartError::new(
            code,
            format!("cargo could not build {kind} {}", name.to_string_lossy()),
        ));
    }
    executable(&String::from_utf8_lossy(&output.stdout), &name.to_string_lossy()).ok_or_else(|| {
        StartError::new(1, format!("cargo named no executable for {kind} {}", name.to_string_lossy()))
    })
}

/// The executable of a target in cargo's messages, one JSON object a line.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == name)
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_among_the_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"pi","kind":["lib"]},"executable":null}"#,
            "\nnot json\n",
            r#"{"reason":"compiler-artifact","target":{"name":"pi","kind":["example"]},"executable":"/t/a \"b\"/pi"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#
        );
        assert_eq!(executable(messages, "pi"), Some(PathBuf::from("/t/a \"b\"/pi")));
        assert_eq!(executable(messages, "tau"), None);
    }
}
