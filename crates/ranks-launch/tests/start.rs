//! Starting: words, programs, folders, variables, standard input.

mod common;
use common::{command, launcher, run, stand_in, start};
use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn any_program_runs_on_every_rank() {
    let host = Command::new("hostname").output().unwrap();
    let done = run(&["-n", "4", "hostname"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.out, String::from_utf8_lossy(&host.stdout).repeat(4));
    assert_eq!(done.error, "");
}

#[test]
fn a_rank_knows_its_number() {
    let done = run(&["-n", "3", "sh", "-c", "echo $RANKS_RANK/$RANKS_SIZE ${RANKS_JOB%%:*}"]);
    let mut lines: Vec<_> = done.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["0/3 1", "1/3 1", "2/3 1"]);
}

#[test]
fn a_rank_knows_its_number_by_the_names_of_others() {
    let show = "echo $PMI_RANK $MPI_LOCALRANKID $OMPI_COMM_WORLD_RANK $OMPI_COMM_WORLD_LOCAL_RANK, \
                $PMI_SIZE $MPI_LOCALNRANKS $OMPI_COMM_WORLD_SIZE $OMPI_COMM_WORLD_LOCAL_SIZE$PMI_FD";
    let mut with = command(&["-n", "1", "sh", "-c", show, ":", "-n", "2", "sh", "-c", show]);
    with.env("PMI_FD", "9").env("PMI_RANK", "7");
    let done = start(with).finish();
    let mut lines: Vec<_> = done.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["0 0 0 0, 3 3 3 3", "1 1 1 1, 3 3 3 3", "2 2 2 2, 3 3 3 3"], "{done:?}");
    // A job inside a rank has numbers of its own, also when it passes nothing on.
    let done = run(&["-n", "2", &launcher(), "-n", "1", "sh", "-c", show]);
    assert_eq!(done.out, "0 0 0 0, 1 1 1 1\n".repeat(2), "{done:?}");
}

#[test]
fn a_rank_knows_its_program_and_the_room_there_is() {
    let show = "echo $RANKS_RANK: $RANKS_APPNUM of $RANKS_UNIVERSE";
    let one = ["-usize", "7", "-n", "1", "sh", "-c", show];
    let done = run(&[&one[..], &[":", "-n", "2", "sh", "-c", show, ":", "sh", "-c", show]].concat());
    let mut lines: Vec<_> = done.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["0: 0 of 7", "1: 1 of 7", "2: 1 of 7", "3: 2 of 7"], "{done:?}");
    let done = run(&["-usize", "1", "-n", "3", "sh", "-c", "echo $RANKS_UNIVERSE"]);
    assert_eq!(done.out, "3\n3\n3\n");
    let done = run(&["-n", "1", "sh", "-c", "echo $RANKS_UNIVERSE"]);
    assert_eq!(done.out, format!("{}\n", ranks_launch::command::usable_cpus()));
}

#[test]
fn limits_of_the_process_are_named() {
    for (limit, words, code, says) in [
        ("ulimit -f 8", "-n 2 true", 1, "`ulimit -f` allows files of"),
        ("ulimit -n 40", "-n 30 sleep 5", 1, "`ulimit -n` allows 40 open files"),
        (
            "ulimit -t 1",
            "-n 1 sh -c 'while :; do :; done'",
            137,
            "the 1 s of CPU time that `ulimit -t` allows",
        ),
        (
            "ulimit -St 1",
            "-n 1 sh -c 'while :; do :; done'",
            152,
            "the 1 s of CPU time that `ulimit -t` allows",
        ),
        (
            "ulimit -v 500000",
            "-n 1 sh -c 'kill -SEGV $$'",
            139,
            "perhaps out of memory: `ulimit -v` allows 488 MiB",
        ),
        ("true", "-n 1 sh -c 'kill -KILL $$'", 137, "signal 9 (SIGKILL, perhaps out of memory)"),
        ("true", "-n 1 sh -c 'ulimit -t 9; kill -KILL $$'", 137, "signal 9 (SIGKILL, perhaps out of memory)"),
        ("true", "-n 1 sh -c 'kill -SEGV $$'", 139, "signal 11 (SIGSEGV, segmentation fault)"),
    ] {
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("{limit} && exec \"$0\" {words}"), &launcher()]);
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let done = start(shell).finish();
        assert_eq!(done.code, code, "{done:?}");
        assert!(done.error.contains(says) && done.error.lines().count() == 1, "{done:?}");
    }
    // What a file that grows too long does to a rank is what it did before: bit 24 is SIGXFSZ.
    let mut shell = Command::new("bash");
    let show = "grep SigIgn /proc/self/status";
    shell.args(["-c", &format!("{show}; exec \"$0\" -n 1 {show}"), &launcher()]);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let done = start(shell).finish();
    let masks =
        done.out.lines().filter_map(|line| u64::from_str_radix(line.split_whitespace().nth(1)?, 16).ok());
    let ignored: Vec<bool> = masks.map(|mask| mask >> 24 & 1 == 1).collect();
    assert!(ignored.len() == 2 && ignored[0] == ignored[1], "{done:?}");
}

#[test]
fn several_programs_are_one_job() {
    let done = run(&[
        "-n",
        "1",
        "echo",
        "first",
        ":",
        "-n",
        "2",
        "sh",
        "-c",
        "echo other $RANKS_RANK of $RANKS_SIZE",
    ]);
    let mut lines: Vec<_> = done.out.lines().collect();
    lines.sort_unstable();
    assert_eq!((done.code, lines), (0, vec!["first", "other 1 of 3", "other 2 of 3"]));
}

#[test]
fn without_a_number_every_usable_cpu_gets_a_rank() {
    let done = run(&["echo", "x"]);
    assert_eq!(done.out.lines().count(), ranks_launch::command::usable_cpus());
}

#[test]
fn folders_and_variables() {
    let done = run(&["-n", "1", "--wdir", "/", "pwd", ":", "--wdir", "/dev", "pwd"]);
    let mut lines: Vec<_> = done.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["/", "/dev"]);

    let words = ["-n", "1", "-x", "A=1", "-genv", "B", "2 3", "-x", "C", "sh", "-c", "echo $A,$B,$C"];
    let mut with = command(&words);
    with.env("C", "c");
    assert_eq!(start(with).finish().out, "1,2 3,c\n");

    let done = run(&["-n", "1", "-genvnone", "-x", "A=1", "/usr/bin/env"]);
    let names: Vec<_> = done.out.lines().filter_map(|line| line.split('=').next()).collect();
    assert!(names.contains(&"A") && names.contains(&"RANKS_JOB") && !names.contains(&"HOME"), "{names:?}");
}

#[test]
fn mistakes_are_one_clear_line() {
    let script = std::env::temp_dir().join(format!("launch-test-{}.py", std::process::id()));
    std::fs::write(&script, "print(1)\n").unwrap();
    let script_text = script.to_str().unwrap();
    for (words, code, part) in [
        (vec!["-n", "0", "true"], 2, "-n 0: a job has at least 1 rank"),
        (vec!["-n", "abc", "true"], 2, "-n abc: not a number of ranks"),
        (vec!["-n"], 2, "-n needs a value"),
        (vec!["-n", "2"], 2, "no program given"),
        (vec!["-n", "1025", "true"], 2, "at most 1024"),
        (vec!["-n", "2", "no-such-program"], 127, "no-such-program: no such program in PATH"),
        (vec!["-n", "2", "./no-such"], 127, "./no-such: no such program; is the path right?"),
        (vec!["-n", "2", script_text], 126, "not executable; write python"),
        (vec!["-n", "2", "/tmp"], 126, "a folder, not a program"),
        (vec!["--wdir", "/no/such", "true"], 2, "--wdir /no/such: No such file or directory"),
        (vec!["--wdir", "/etc/passwd", "true"], 2, "not a folder"),
        (vec!["--host", "elsewhere.example", "true"], 2, "another machine"),
        (vec!["--hostfile", "/no/such", "true"], 2, "host file /no/such"),
        (vec!["-n", "2", "--stdin", "2", "cat"], 2, "the job has ranks 0 to 1"),
        (vec!["--tagoutput", "true"], 2, "did you mean --tag-output?"),
    ] {
        let done = run(&words);
        assert_eq!(done.code, code, "{words:?}: {done:?}");
        assert!(done.error.contains(part), "{words:?}: {}", done.error);
        assert!(done.error.starts_with("ranks run: ") && done.error.lines().count() == 1, "{}", done.error);
        assert_eq!(done.out, "");
    }
    std::fs::remove_file(script).unwrap();
}

#[test]
fn a_script_without_an_interpreter_runs_in_a_shell() {
    use std::os::unix::fs::PermissionsExt;
    let script = std::env::temp_dir().join(format!("launch-test-{}", std::process::id()));
    std::fs::write(&script, "echo plain $1\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let done = run(&["-n", "2", script.to_str().unwrap(), "x"]);
    assert_eq!(done.out, "plain x\nplain x\n", "{done:?}");
    // And one whose interpreter does not exist is found out only by executing it.
    std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    let done = run(&["-n", "2", script.to_str().unwrap()]);
    assert_eq!(done.code, 127, "{done:?}");
    let says = "its interpreter /no/such/interpreter (named in its first line) does not exist";
    assert!(done.error.contains(says) && done.error.lines().count() == 1, "{done:?}");
    std::fs::write(&script, "#!/bin/sh\r\necho\r\n").unwrap();
    let done = run(&["-n", "2", script.to_str().unwrap()]);
    assert_eq!(done.code, 127, "{done:?}");
    assert!(
        done.error.contains("/bin/sh (named in its first line) is followed by a carriage return"),
        "{done:?}"
    );
    std::fs::remove_file(script).unwrap();
}

#[test]
fn one_rank_reads_standard_input() {
    for (words, expected) in [
        (vec!["-l", "-n", "3", "cat"], "[0] one\n[0] two\n"),
        (vec!["-l", "-n", "3", "--stdin", "2", "cat"], "[2] one\n[2] two\n"),
        (vec!["-l", "-n", "3", "--stdin", "none", "cat"], ""),
    ] {
        let mut with = command(&words);
        with.stdin(Stdio::piped());
        let mut launched = start(with);
        launched.child.stdin.take().unwrap().write_all(b"one\ntwo\n").unwrap();
        let done = launched.finish();
        assert_eq!((done.code, done.out.as_str()), (0, expected), "{done:?}");
    }
}

#[test]
fn a_job_inside_a_rank_is_a_job_of_its_own() {
    let inner = "echo $RANKS_RANK of $RANKS_SIZE in $(echo $RANKS_JOB | cut -d: -f4)";
    let done = run(&["-n", "2", &launcher(), "-n", "3", "sh", "-c", inner]);
    assert_eq!(done.code, 0, "{done:?}");
    let mut lines: Vec<_> = done.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 6);
    let jobs: std::collections::BTreeSet<_> = lines.iter().map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(jobs.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("0 of 3") && lines[5].starts_with("2 of 3"), "{lines:?}");
}

#[test]
fn a_rank_attaches_even_without_inherited_descriptors() {
    let script =
        "for i in 3 4 5 6 7 8 9; do eval \"exec $i>&-\"; done; exec \"$0\" attach finalise say:attached";
    let done = run(&["-n", "2", "sh", "-c", script, &stand_in()]);
    assert_eq!((done.code, done.out.as_str()), (0, "attached\nattached\n"), "{done:?}");
}

#[test]
fn without_standard_streams_as_from_cron() {
    let text = "exec \"$0\" -n 2 \"$1\" attach finalise say:x complain:y <&- >&- 2>&-";
    let mut shell = Command::new("setsid");
    shell.args(["sh", "-c", text, &launcher(), &stand_in()]).stdin(Stdio::null()).env_remove("RANKS_JOB");
    assert_eq!(start(shell).finish().code, 0);
}

#[test]
fn many_ranks_start_quickly_and_with_few_descriptors() {
    let done = run(&["-n", "64", "true"]);
    assert_eq!((done.code, done.error.as_str()), (0, ""));
    println!("64 ranks: {:?}", done.took);
    // The limit is raised for the launcher and given back to the ranks.
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -Sn 128 && exec \"$0\" -n 64 sh -c 'ulimit -Sn'", &launcher()]);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let done = start(shell).finish();
    assert_eq!(done.out, "128\n".repeat(64), "{done:?}");
}

#[test]
fn as_a_library_with_captured_output() {
    let outcome = ranks_launch::Launch::new("sh")
        .ranks(2)
        .args(["-c", "echo out; echo error >&2"])
        .and("sh")
        .args(["-c", "sleep 0.2; exit 5"])
        .stdin(ranks_launch::Stdin::None)
        .capture()
        .run()
        .unwrap();
    assert_eq!(outcome.code, 5);
    assert_eq!(outcome.stdout, b"out\nout\n");
    let error = String::from_utf8(outcome.stderr).unwrap();
    assert!(error.starts_with("error\nerror\nranks: rank 2 (sh, process "), "{error}");
    assert_eq!(outcome.failure.map(|f| (f.rank, f.cause)), Some((2, ranks_launch::Cause::Exit(5))));
}
