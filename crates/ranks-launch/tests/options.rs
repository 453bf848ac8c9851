//! Options of other launchers: files of programs, files of output, standard input for all, hosts.

mod common;
use common::{Finished, command, run, start};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder that is removed with its content.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("launch-options-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).unwrap();
        self.at(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn programs_of_a_file() {
    let folder = Folder::new("programs");
    let text = "# two\n-n 1 sh -c 'echo \"first $RANKS_RANK\"'\n-n 2 -env A 'x y' sh -c 'echo second $RANKS_RANK $A'\n";
    let file = folder.write("list", text);
    for option in ["-configfile", "--app"] {
        let done = run(&[option, &file]);
        assert_eq!(
            (done.code, sorted(&done.out)),
            (0, vec!["first 0", "second 1 x y", "second 2 x y"]),
            "{done:?}"
        );
    }
    for (file, part) in
        [(folder.at("none"), "No such file"), (folder.write("empty", "#\n"), "no program in it")]
    {
        let done = run(&["-configfile", &file]);
        assert_eq!((done.code, done.error.lines().count()), (2, 1), "{done:?}");
        assert!(done.error.contains(part) && done.error.contains(&file), "{done:?}");
    }
}

fn with_input(words: &[&str], input: &[u8]) -> Finished {
    let mut with = command(words);
    with.stdin(Stdio::piped());
    let mut launched = start(with);
    let mut to = launched.child.stdin.take().unwrap();
    // A reader that goes is no mistake of the writer.
    let _ = to.write_all(input);
    drop(to);
    launched.finish()
}

#[test]
fn every_rank_reads_standard_input() {
    let done = with_input(&["-l", "-n", "3", "-stdin", "all", "cat"], b"one\ntwo\n");
    let wanted = ["[0] one", "[0] two", "[1] one", "[1] two", "[2] one", "[2] two"];
    assert_eq!((done.code, sorted(&done.out)), (0, wanted.to_vec()), "{done:?}");
    // More than pipes hold; and one rank wants none of it.
    let long = b"0123456789abcde\n".repeat(40_000);
    let text = "test $RANKS_RANK = 1 || exec wc -c";
    let done = with_input(&["-n", "3", "--stdin", "all", "sh", "-c", text], &long);
    assert_eq!((done.code, done.out.as_str()), (0, "640000\n640000\n"), "{done:?}");
    // A file.
    let folder = Folder::new("input");
    let file = folder.write("long", std::str::from_utf8(&long).unwrap());
    let mut with = command(&["-n", "2", "--stdin", "all", "wc", "-c"]);
    with.stdin(fs::File::open(file).unwrap());
    assert_eq!(start(with).finish().out, "640000\n640000\n");
}

const BOTH: &str = "echo out $RANKS_RANK; echo error $RANKS_RANK >&2";

#[test]
fn output_in_files_of_each_rank() {
    let folder = Folder::new("files");
    for (option, value) in
        [("--output-filename", folder.at("a")), ("--output", format!("dir={}", folder.at("a")))]
    {
        let done = run(&[option, &value, "-n", "11", "sh", "-c", BOTH]);
        assert_eq!(
            (done.code, done.out.lines().count(), done.error.lines().count()),
            (0, 11, 11),
            "{done:?}"
        );
        assert_eq!(folder.read("a/1/rank.02/stdout"), "out 2\n");
        assert_eq!(folder.read("a/1/rank.10/stderr"), "error 10\n");
        fs::remove_dir_all(folder.0.join("a")).unwrap();
    }
    let value = format!("dir={}:nocopy,tag", folder.at("b"));
    let done = run(&["--output", &value, "-n", "2", "sh", "-c", BOTH]);
    assert_eq!((done.code, done.out.as_str(), done.error.as_str()), (0, "", ""));
    assert_eq!(folder.read("b/1/rank.1/stdout"), "[1] out 1\n");

    let value = format!("file={}", folder.at("c"));
    let done = run(&["--output", &value, "-merge-stderr-to-stdout", "-n", "2", "sh", "-c", BOTH]);
    assert_eq!((done.out.lines().count(), done.error.as_str()), (4, ""), "{done:?}");
    assert_eq!(sorted(&folder.read("c.1")), ["error 1", "out 1"]);
}

#[test]
fn output_in_files_by_a_pattern() {
    let folder = Folder::new("patterns");
    let (out, error) = (folder.at("o.%r.%g%p"), folder.at("all.%h"));
    let host = String::from_utf8(Command::new("hostname").output().unwrap().stdout).unwrap();
    let words = ["-outfile-pattern", &out, "-errfile-pattern", &error, "-n", "3", "sh", "-c", BOTH];
    let done = run(&words);
    assert_eq!((done.code, done.out.as_str(), done.error.as_str()), (0, "", ""), "{done:?}");
    assert_eq!(folder.read("o.2.00"), "out 2\n");
    assert_eq!(sorted(&folder.read(&format!("all.{}", host.trim()))), ["error 0", "error 1", "error 2"]);

    // The report shows what went into a file.
    let fails = "test $RANKS_RANK = 1 && { echo reason >&2; exit 3; }; sleep 30";
    let done = run(&["-errfile-pattern", &error, "-n", "2", "sh", "-c", fails]);
    assert!(done.code == 3 && done.error.contains("its last line: reason"), "{done:?}");

    for bad in ["/proc/no/such/file", "/"] {
        let done = run(&["-outfile-pattern", bad, "-n", "2", "true"]);
        assert_eq!((done.code, done.error.lines().count()), (1, 1), "{done:?}");
        assert!(done.error.contains(&format!("output to {bad}: ")), "{done:?}");
    }
    if Path::new("/dev/full").exists() {
        let done = run(&["-outfile-pattern", "/dev/full", "-n", "1", "sh", "-c", "echo x; sleep 30"]);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.error.contains("/dev/full: No space left on device"), "{done:?}");
    }
}

#[test]
fn streams_together_and_the_time() {
    let done = run(&["--merge-stderr-to-stdout", "-n", "2", "sh", "-c", BOTH]);
    assert_eq!((sorted(&done.out), done.error.as_str()), (vec!["error 0", "error 1", "out 0", "out 1"], ""));
    let done = run(&["--timestamp-output", "-l", "-n", "1", "echo", "x"]);
    let (time, rest) = done.out.split_once(' ').unwrap();
    assert_eq!(rest, "[0] x\n");
    let shape: String =
        time.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect();
    assert_eq!(shape.replace('-', "+"), "9999+99+99T99:99:99.999+9999");
}

#[test]
fn exit_codes_of_all_ranks() {
    let done = run(&["-print-all-exitcodes", "-n", "3", "true"]);
    assert_eq!((done.code, done.error.as_str()), (0, "ranks run: exit codes:\n  ranks 0, 1 and 2: 0\n"));
    let text = "test $RANKS_RANK = 1 && exit 4; exec sleep 30";
    let done = run(&["-print-all-exitcodes", "-n", "3", "sh", "-c", text]);
    assert_eq!(done.code, 4);
    assert!(
        done.error.ends_with("exit codes:\n  ranks 0 and 2: signal 15 (SIGTERM)\n  rank 1: 4\n"),
        "{done:?}"
    );
}

#[test]
fn where_programs_are_found_and_what_is_not_passed_on() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("path");
    let program = folder.write("only-here-9", "#!/bin/sh\necho found $A,$B\n");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut with =
        command(&["-genvexcl", "A,X", "-path", folder.0.to_str().unwrap(), "-n", "1", "only-here-9"]);
    with.env("A", "1").env("B", "2");
    assert_eq!(start(with).finish().out, "found ,2\n");
    let done = run(&["-path", "/no/such", "-n", "1", "echo", "x"]);
    assert_eq!(done.out, "x\n");
}

#[test]
fn hosts_and_rank_files_of_this_machine() {
    let folder = Folder::new("hosts");
    let host = String::from_utf8(Command::new("hostname").output().unwrap().stdout).unwrap();
    let list = format!("localhost,127.0.0.1,127.0.1.1,::1,[::1]:2,{}", host.trim());
    assert_eq!(run(&["-host", &list, "-n", "1", "true"]).code, 0);
    let file = folder.write(
        "ranks",
        "rank 0=localhost slot=0 # first\n\nrank 1=127.0.0.1 slot=1:0-2\nrank 2=+n0 slot=1\n",
    );
    for option in ["-r", "-rf", "--rankfile"] {
        let done = run(&[option, &file, "echo", "x"]);
        assert_eq!((done.code, done.out.as_str()), (0, "x\nx\nx\n"), "{done:?}");
    }
    assert_eq!(run(&["-rf", &file, "-n", "2", "echo", "x"]).out, "x\nx\n");
    for (text, part) in [
        ("rank 0=elsewhere.invalid slot=0\n", "another machine"),
        ("rank zero\n", "line 1: not as in `rank 0=localhost slot=0`"),
        ("#\n", "no rank in it"),
    ] {
        let done = run(&["-r", &folder.write("bad", text), "true"]);
        assert_eq!((done.code, done.error.lines().count()), (2, 1), "{done:?}");
        assert!(done.error.contains(part), "{done:?}");
    }
    let done = run(&["-r", &folder.at("none"), "true"]);
    assert!(done.code == 2 && done.error.contains("rank file "), "{done:?}");
}

#[test]
fn one_line_says_what_does_nothing_yet() {
    let words = ["--bind-to", "core", "--report-bindings", "-map-by", "socket", "-n", "2", "true"];
    let done = run(&words);
    assert_eq!(
        (done.code, done.error.as_str()),
        (0, "ranks run: --bind-to core, --report-bindings: accepted, and does nothing yet\n")
    );
    assert_eq!(run(&[&["-q"][..], &words].concat()).error, "");
    let silent =
        "-profile -disable-x -prefix /x -tune f --bind-to none --report-state-on-timeout -rankmap (0,1)";
    let words: Vec<&str> =
        silent.split(' ').filter(|word| *word != "-disable-x").chain(["-n", "1", "true"]).collect();
    let done = run(&words);
    assert_eq!((done.code, done.error.as_str()), (0, ""));
}

/// Files that the job reads are not overwritten by its output.
#[test]
fn output_does_not_overwrite_what_the_job_reads() {
    let folder = Folder::new("overwrite");
    let script = folder.write("he", "#!/bin/sh\necho ran\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, mode).unwrap();
    let hosts = folder.write("hosts", "localhost slots=2\n");
    let programs = folder.write("programs", "-n 1 true\n");
    let link = folder.at("link");
    std::os::unix::fs::symlink("he", &link).unwrap();
    for words in [
        &["-n", "1", "-outfile-pattern", &script, &script][..],
        &["-n", "1", "-errfile-pattern", &link, &script],
        &["-n", "1", "-hostfile", &hosts, "-outfile-pattern", &hosts, "true"],
        &["-outfile-pattern", &programs, "-configfile", &programs],
    ] {
        let done = run(words);
        assert!(done.code == 2 && done.error.contains("which the job reads; name another file"), "{done:?}");
    }
    let input = fs::File::open(&hosts).unwrap();
    let done = command(&["-n", "1", "-outfile-pattern", &hosts, "cat"]).stdin(input).output().unwrap();
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.code() == Some(2) && error.contains("it is standard input; name another"), "{error}");
    assert_eq!(folder.read("he"), "#!/bin/sh\necho ran\n");
    assert_eq!((&*folder.read("hosts"), &*folder.read("programs")), ("localhost slots=2\n", "-n 1 true\n"));
}

#[test]
fn slots_of_hosts_are_the_number_of_ranks() {
    let folder = Folder::new("slots");
    let hosts = folder.write("hosts", "localhost slots=2\n127.0.0.1:3\n");
    for (words, ranks) in [
        (&["--hostfile", &hosts][..], 5),
        (&["--host", "localhost:3"], 3),
        (&["--host", "localhost:2,127.0.0.1"], 3),
        (&["-n", "1", "--hostfile", &hosts], 1),
    ] {
        let done = run(&[words, &["echo", "here"]].concat());
        assert_eq!((done.code, done.out), (0, "here\n".repeat(ranks)), "{words:?}");
    }
}

/// Each mistake is told in a line that says where it is.
#[test]
fn mistakes_say_where_they_are() {
    let folder = Folder::new("mistakes");
    let script = folder.write("he.py", "import sys\nprint(1)\n");
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let hosts = folder.write("hosts", "# all\nlocalhost\nNode.Invalid\n");
    let keys = folder.write("keys", "localhost nonsense=3\n");
    let programs = folder.write("programs", "# all\n-n 1 true\n-n q true\n");
    for (words, expected) in [
        (&["-n", "1", &*script][..], "he.py: its first line names no interpreter (#!); write python3 "),
        (&["--hostfile", &hosts, "true"], "hosts: line 3: host Node.Invalid: another machine"),
        (&["--hostfile", &keys, "true"], "keys: line 1: `nonsense=3` is not known"),
        (&["-configfile", &programs], "programs: line 3: -n q: not a number of ranks"),
        (&["--host", "NodeX.invalid", "true"], "host NodeX.invalid: another machine"),
        (&["--output", "dir=od4:bogus", "true"], "\"bogus\" is neither nocopy nor nojobid"),
        (&["-env", "FOO", "-n", "1", "true"], "-env FOO needs a value, and -n looks like an option"),
        (&["-genv", "FOO", "-n", "1", "true"], "write -genv FOO=-n"),
        (&["-x", "-n", "1", "true"], "-x needs the name of a variable, and -n looks like an option"),
        (&["-env", "-n", "1", "true"], "-env needs the name of a variable, and -n looks like an option"),
    ] {
        let done = run(words);
        assert!(done.code == 2 || done.code == 126, "{words:?}: {done:?}");
        assert!(done.error.contains(expected) && done.error.lines().count() == 1, "{words:?}: {done:?}");
    }
    // What looks like an option can be a value.
    let done =
        run(&["-n", "1", "-env", "FOO=-n", "-env", "BAR", "-1", "sh", "-c", "printf '%s %s\\n' $FOO $BAR"]);
    assert_eq!((done.code, &*done.out), (0, "-n -1\n"), "{done:?}");
}
