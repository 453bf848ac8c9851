//! Finding a program, so that a mistake is one clear line and not 64.

use crate::outcome::{StartError, reason};
use crate::sys;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Exit code: found, but cannot be executed.
pub const NOT_EXECUTABLE: i32 = 126;
/// Exit code: not found.
pub const NOT_FOUND: i32 = 127;

/// Where programs are looked for when `PATH` is not set.
pub const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The folder a program runs in, checked.
pub fn folder(folder: &Path) -> Result<CString, StartError> {
    match std::fs::metadata(folder) {
        Ok(meta) if meta.is_dir() => c_string(folder.as_os_str()),
        Ok(_) => Err(StartError::usage(format!("--wdir {}: not a folder", folder.display()))),
        Err(error) => Err(StartError::usage(format!("--wdir {}: {}", folder.display(), reason(&error)))),
    }
}

/// The file of a program: a path as it is, a bare name by the search path.
pub fn find(name: &OsStr, path: Option<&OsStr>, folder: Option<&Path>) -> Result<PathBuf, StartError> {
    let shown = Path::new(name).display();
    if name.is_empty() {
        return Err(StartError::new(NOT_FOUND, "the program's name is empty".into()));
    }
    if name.as_bytes().contains(&b'/') {
        // As the shell does after a `cd`; but a path that only exists here means the file here.
        let here = Path::new(name);
        let file = match folder.map(|folder| folder.join(name)).filter(|file| file.exists()) {
            Some(there) => there,
            None => here.to_owned(),
        };
        let file = std::path::absolute(&file).unwrap_or(file);
        return match check(&file) {
            Ok(()) => interpreter(name, &file).map(|()| file),
            Err(Unfit::Missing) => {
                Err(StartError::new(NOT_FOUND, format!("{shown}: no such program; is the path right?")))
            }
            Err(Unfit::Folder) => {
                Err(StartError::new(NOT_EXECUTABLE, format!("{shown}: a folder, not a program")))
            }
            Err(Unfit::Mode) => {
                Err(StartError::new(NOT_EXECUTABLE, format!("{shown}: not executable{}", how_to_run(&file))))
            }
            Err(Unfit::Other(why)) => Err(StartError::new(NOT_EXECUTABLE, format!("{shown}: {why}"))),
        };
    }
    let mut unfit = None;
    let default = OsString::from(DEFAULT_PATH);
    for entry in std::env::split_paths(path.unwrap_or(&default)) {
        let file = entry.join(name);
        match check(&file) {
            // The ranks may run in another folder than we do.
            Ok(()) => {
                return interpreter(name, &file).map(|()| std::path::absolute(&file).unwrap_or(file));
            }
            Err(Unfit::Mode) => unfit = Some(file),
            Err(_) => {}
        }
    }
    if let Some(file) = unfit {
        let text = format!("{shown}: {} is not executable{}", file.display(), how_to_run(&file));
        return Err(StartError::new(NOT_EXECUTABLE, text));
    }
    let hint = if Path::new(name).is_file() {
        match check(Path::new(name)) {
            Ok(()) => format!("; the one in this folder is ./{shown}"),
            Err(_) => how_to_run(Path::new(name)),
        }
    } else {
        String::new()
    };
    Err(StartError::new(NOT_FOUND, format!("{shown}: no such program in PATH{hint}")))
}

/// Checks that the interpreter exists that a script names in its first line: the kernel's own "No such file" would seem
/// to mean the script.
fn interpreter(name: &OsStr, file: &Path) -> Result<(), StartError> {
    use std::io::Read as _;
    // The kernel itself reads no more than 256 bytes.
    let mut head = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(256).read_to_end(&mut head));
    let Some(rest) = read.ok().and_then(|_| head.strip_prefix(b"#!")) else {
        return match language(file).filter(|_| !head.is_empty() && !head.contains(&0)) {
            // The shell would read it, and complain of its syntax.
            Some(language) => Err(StartError::new(
                NOT_EXECUTABLE,
                format!(
                    "{0}: its first line names no interpreter (#!); write {language} {0}, or begin it with \
                     #!/usr/bin/env {language}",
                    Path::new(name).display()
                ),
            )),
            None => Ok(()),
        };
    };
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let mut words = words.map(|word| PathBuf::from(OsStr::from_bytes(word)));
    // What stands there in part, or relative to a folder, is left to the kernel.
    let Some(first) = words.next().filter(|first| first.is_absolute() && rest.contains(&b'\n')) else {
        return Ok(());
    };
    if check(&first).is_ok() {
        return Ok(());
    }
    let (shown, line_ends) = (Path::new(name).display(), line.ends_with(b"\r"));
    let text = String::from_utf8_lossy(first.as_os_str().as_bytes()).trim_end().to_owned();
    let why = match (check(&first), line_ends) {
        (_, true) => "is followed by a carriage return; give the file Unix line ends".to_owned(),
        (Err(Unfit::Missing), _) => "does not exist; correct the first line or install it".to_owned(),
        _ => "cannot be executed".to_owned(),
    };
    Err(StartError::new(
        NOT_FOUND,
        format!("{shown}: its interpreter {text} (named in its first line) {why}"),
    ))
}

/// What runs a script that is none of the shell's, as its name ends.
fn language(file: &Path) -> Option<&'static str> {
    match file.extension().and_then(OsStr::to_str)? {
        "py" => Some("python3"),
        "pl" => Some("perl"),
        "rb" => Some("ruby"),
        "jl" => Some("julia"),
        "R" => Some("Rscript"),
        _ => None,
    }
}

enum Unfit {
    Missing,
    Folder,
    Mode,
    Other(String),
}

fn check(file: &Path) -> Result<(), Unfit> {
    match std::fs::metadata(file) {
        Ok(meta) if meta.is_dir() => Err(Unfit::Folder),
        Ok(_) => {
            let path = c_string(file.as_os_str()).map_err(|error| Unfit::Other(error.to_string()))?;
            if sys::may_execute(&path) { Ok(()) } else { Err(Unfit::Mode) }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Unfit::Missing),
        Err(error) => Err(Unfit::Other(reason(&error))),
    }
}

/// What to write instead of a script's bare name.
fn how_to_run(file: &Path) -> String {
    let shown = file.display();
    match file.extension().and_then(OsStr::to_str) {
        Some("py") => format!("; write python {shown}"),
        Some("sh") => format!("; write sh {shown}"),
        _ => format!("; chmod +x {shown} makes it so"),
    }
}

/// As the kernel wants it.
pub fn c_string(text: &OsStr) -> Result<CString, StartError> {
    CString::new(text.as_bytes())
        .map_err(|_| StartError::usage(format!("{}: holds a zero byte", text.to_string_lossy())))
}
