//! The `ranks` command as users call it. `timeout` is the watchdog: a hang is exit code 124.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn command(program: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.arg("120").arg(program).args(words);
    for variable in ["RANKS_JOB", "RANKS_RANK", "RANKS_SIZE", "MPI4PY_LIBMPI", "LD_LIBRARY_PATH"] {
        command.env_remove(variable);
    }
    command
}

fn ranks(words: &[&str]) -> Output {
    command(Path::new(env!("CARGO_BIN_EXE_ranks")), words).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder that is removed with its content.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("command-test-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn run_and_its_other_names() {
    let folder = Folder::new("names");
    for name in ["mpiexec", "mpirun", "mpirun.openmpi"] {
        let link = folder.0.join(name);
        symlink(env!("CARGO_BIN_EXE_ranks"), &link).unwrap();
        let output = command(&link, &["-n", "3", "echo", "a", "-n", "4"]).output().unwrap();
        assert_eq!(out(&output), "a -n 4\n".repeat(3), "{name}: {output:?}");
        let output = command(&link, &["-n", "0", "true"]).output().unwrap();
        assert!(error(&output).starts_with(name.split('.').next().unwrap()), "{output:?}");
        assert_eq!(output.status.code(), Some(2));
    }
    let output = ranks(&["-n", "2", "true"]);
    assert!(
        error(&output).contains("`ranks run -n 4 PROGRAM`") && output.status.code() == Some(2),
        "{output:?}"
    );
    let output = ranks(&["run", "-n", "2", "echo", "a", ":", "-n", "1", "echo", "a"]);
    assert_eq!((output.status.code(), out(&output)), (Some(0), "a\n".repeat(3)));
    assert_eq!(ranks(&["run", "-n", "2", "sh", "-c", "exit 9"]).status.code(), Some(9));
}

#[test]
fn the_name_of_open_mpis_launcher_is_told_where_that_one_stands_behind() {
    let folder = Folder::new("namesake");
    let (ours, theirs) = (folder.0.join("ours"), folder.0.join("theirs"));
    for place in [&ours, &theirs] {
        std::fs::create_dir_all(place).unwrap();
    }
    symlink(env!("CARGO_BIN_EXE_ranks"), ours.join("mpirun.openmpi")).unwrap();
    std::fs::copy("/bin/true", theirs.join("mpirun.openmpi")).unwrap();
    let said = |folders: [&Path; 2]| {
        let path =
            std::env::join_paths(folders.into_iter().chain([Path::new("/usr/bin"), Path::new("/bin")]))
                .unwrap();
        let mut command = command(&ours.join("mpirun.openmpi"), &["-n", "2", "echo", "a"]);
        let output = command.env("PATH", path).output().unwrap();
        assert_eq!(out(&output), "a\na\n", "{output:?}");
        error(&output)
    };
    let line = said([&ours, &theirs]);
    let other = theirs.join("mpirun.openmpi");
    assert_eq!(
        line,
        format!("mpirun.openmpi: this is the launcher of ranks; Open MPI's own is {}\n", other.display())
    );
    assert_eq!(said([&theirs, &ours]), "");
}

#[test]
fn help_leads_from_tasks_to_commands() {
    let help = out(&ranks(&["--help"]));
    assert!(help.contains("ranks run -n 4 python hello.py") && help.contains("ranks info"), "{help}");
    let help = out(&ranks(&["run", "--help"]));
    assert!(help.contains("--timeout SECONDS") && help.contains("Exit code:"), "{help}");
    assert!(out(&ranks(&["--version"])).contains(env!("CARGO_PKG_VERSION")));
    assert!(out(&ranks(&["run", "--version"])).contains(env!("CARGO_PKG_VERSION")));
    let wrong = ranks(&["rum"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(error(&wrong).contains("run"), "{wrong:?}");
}

#[test]
fn info_finds_out_what_is_allowed() {
    let output = ranks(&["info"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for name in ["version", "usable CPUs", "cross-memory attach", "membarrier", "libmpi.so.12"] {
        assert!(out(&output).contains(name), "{output:?}");
    }
    let mut refused = command(Path::new(env!("CARGO_BIN_EXE_ranks")), &["info"]);
    let output = refused.env("RANKS_NO_CMA", "1").env("RANKS_FENCES", "1").output().unwrap();
    assert_eq!(out(&output).matches("refused").count(), 2, "{output:?}");
}

#[test]
fn ranks_find_the_library_of_an_installation() {
    let folder = Folder::new("library");
    let (bin, lib) = (folder.0.join("bin"), folder.0.join("lib"));
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(&lib).unwrap();
    // Copied by another process: a program that another test starts meanwhile would inherit the descriptor that writes
    // the file, and until it is closed the system refuses to run the file ("Text file busy").
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_ranks")).arg(bin.join("ranks")).status();
    assert!(copied.unwrap().success());
    std::fs::write(lib.join("libmpi.so.12"), "").unwrap();
    let words = ["run", "-n", "1", "sh", "-c", "echo $LD_LIBRARY_PATH $MPI4PY_LIBMPI"];
    let lib = lib.canonicalize().unwrap();
    let output = command(&bin.join("ranks"), &words).env("LD_LIBRARY_PATH", "/other").output().unwrap();
    assert_eq!(out(&output), format!("{0}:/other {0}/libmpi.so.12\n", lib.display()), "{output:?}");
    let output = command(&bin.join("ranks"), &words).env("MPI4PY_LIBMPI", "mine").output().unwrap();
    assert_eq!(out(&output), format!("{} mine\n", lib.display()), "{output:?}");
}

#[test]
fn cargo_builds_first() {
    let folder = Folder::new("cargo");
    std::fs::create_dir_all(folder.0.join("examples")).unwrap();
    std::fs::create_dir_all(folder.0.join("src")).unwrap();
    std::fs::write(folder.0.join("Cargo.toml"), "[package]\nname = \"p\"\nedition = \"2021\"\n[workspace]\n")
        .unwrap();
    std::fs::write(folder.0.join("src/main.rs"), "fn main() { println!(\"bin\") }").unwrap();
    let example = "fn main() { println!(\"{:?}\", std::env::args().nth(1)) }";
    std::fs::write(folder.0.join("examples/e.rs"), example).unwrap();
    let run = |words: &[&str]| {
        let mut command = command(Path::new(env!("CARGO_BIN_EXE_ranks")), words);
        command.current_dir(&folder.0).env("CARGO_TARGET_DIR", folder.0.join("target")).output().unwrap()
    };
    let output = run(&["run", "-n", "2", "--example", "e", "x"]);
    assert_eq!(out(&output), "Some(\"x\")\n".repeat(2), "{output:?}");
    let output = run(&["run", "-n", "2", "--bin", "p"]);
    assert_eq!(out(&output), "bin\n".repeat(2), "{output:?}");
    let output = run(&["run", "-n", "2", "--example", "none"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(error(&output).contains("ranks run: cargo could not build --example none"), "{output:?}");
}

#[test]
fn the_help_has_each_command_in_a_group_and_shells_can_complete_them() {
    let help = out(&ranks(&["--help"]));
    let commands = ["run", "info", "bench", "fetch", "serve", "install", "completions"];
    let here = |command: &str| match command {
        "fetch" => cfg!(feature = "fetch"),
        "serve" => cfg!(feature = "serve"),
        _ => true,
    };
    let commands: Vec<&str> = commands.into_iter().filter(|command| here(command)).collect();
    for command in &commands {
        let line = help.lines().find(|line| line.starts_with(&format!("  ranks {command} ")));
        assert!(line.is_some_and(|line| line.len() > 40), "{command}: {help}");
    }
    assert!(!help.contains("\n\n\n") && !help.contains(":\n\n"), "{help}");
    for shell in ["bash", "zsh", "fish"] {
        let output = ranks(&["completions", shell]);
        let text = out(&output);
        assert!(output.status.success(), "{output:?}");
        assert!(commands.iter().all(|command| text.contains(command)), "{shell}: {text}");
        // `ranks run` has its own parser, and clap would not know these.
        for option in ["tag-output", "timeout", "hostfile", "stdin", "example"] {
            assert!(text.contains(option), "{shell}, {option}: {text}");
        }
        // zsh runs what stands behind the colon of a value's name.
        assert!(!["ADDR:PORT", "ppr:N"].iter().any(|name| text.contains(name)), "{shell}: {text}");
    }
    let output = ranks(&["completions", "tcl"]);
    assert!(output.status.code() == Some(2) && error(&output).contains("bash"), "{output:?}");
}
