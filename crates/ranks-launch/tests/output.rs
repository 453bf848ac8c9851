//! Output: whole lines, nothing lost, slow and vanished readers.

mod common;
use common::{SOON, command, launcher, run, signal, start, wait_until_gone};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn sixteen_fast_writers_never_mix_their_lines() {
    // Pieces of a line in separate writes, and many lines in one.
    let text = "i=0; while [ $i -lt 400 ]; do printf '%s' \"<$RANKS_RANK:$i:\"; echo 'abcdefghijklmnopqrstuvwxyz>'; \
                i=$((i+1)); done; seq -f \"<$RANKS_RANK:x%.0f:abcdefghijklmnopqrstuvwxyz>\" 20000";
    let done = run(&["-n", "16", "sh", "-c", text]);
    assert_eq!(done.code, 0, "{}", done.error);
    let mut counts = [0; 16];
    for line in done.out.lines() {
        let inner = line.strip_prefix('<').and_then(|l| l.strip_suffix(":abcdefghijklmnopqrstuvwxyz>"));
        let rank: usize =
            inner.and_then(|l| l.split_once(':')?.0.parse().ok()).unwrap_or_else(|| panic!("{line:?}"));
        counts[rank] += 1;
    }
    assert_eq!(counts, [20_400; 16]);
}

#[test]
fn tags_stand_at_the_beginning_of_lines() {
    let done = run(&["-l", "-n", "2", "sh", "-c", "printf 'a\\nb'; printf 'c\\n\\nd'; printf e >&2"]);
    let mut lines: Vec<_> = done.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["[0] ", "[0] a", "[0] bc", "[0] d", "[1] ", "[1] a", "[1] bc", "[1] d"]);
    let mut lines: Vec<_> = done.error.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["[0] e", "[1] e"]);
}

#[test]
fn bytes_pass_unchanged() {
    // A line without an end, longer than what is held back; and no newline is added at the end.
    let done = run(&["-n", "1", "sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x"]);
    assert!(done.out.len() == 5_000_000 && done.out.bytes().all(|b| b == b'x'));
    let done = run(&["-n", "3", "printf", "abc"]);
    assert_eq!(done.out, "abc\nabc\nabc");
    let done = run(&["-n", "1", "printf", "\\r\\0a\\n\\n"]);
    assert_eq!(done.out, "\r\0a\n\n");
}

#[test]
fn lines_that_never_end_take_turns() {
    // Rank 0 never stops, and never ends its line: the line of rank 1 comes all the same.
    let dots = "if test $RANKS_RANK = 1; then sleep 0.5; echo here; exec sleep 60; fi; \
                while :; do printf .; sleep 0.02; done";
    let mut child = command(&["--timeout", "60", "-n", "2", "sh", "-c", dots]).spawn().unwrap();
    let mut seen = Vec::new();
    let mut chunk = [0; 256];
    while !seen.ends_with(b"here\n") && !seen.windows(6).any(|part| part == b"\nhere\n") {
        let n = child.stdout.as_mut().unwrap().read(&mut chunk).unwrap();
        assert!(n > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&chunk[..n]);
    }
    signal(child.id(), "TERM");
    let _ = child.stdout.as_mut().unwrap().read_to_end(&mut Vec::new());
    child.wait().unwrap();

    // Two that write at full speed: nothing is lost, and neither waits in the memory of the launcher.
    let done = run(&["-n", "2", "sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' $RANKS_RANK"]);
    for byte in [b'0', b'1'] {
        assert_eq!(done.out.bytes().filter(|b| *b == byte).count(), 20_000_000);
    }
}

#[test]
fn a_prompt_shows_and_the_answer_arrives() {
    let mut with = command(&[
        "-n",
        "2",
        "sh",
        "-c",
        "test $RANKS_RANK = 0 || exit 0; printf 'name? '; read x; echo hi $x",
    ]);
    with.stdin(Stdio::piped());
    let mut child = with.spawn().unwrap();
    let mut prompt = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut prompt).unwrap();
    assert_eq!(&prompt, b"name? ");
    child.stdin.take().unwrap().write_all(b"ann\n").unwrap();
    let mut rest = String::new();
    child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "hi ann\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn into_head() {
    let mut shell = Command::new("bash");
    shell.args(["-c", "\"$0\" -n 4 yes | head -2; echo ${PIPESTATUS[0]}", &launcher()]);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let launched = start(shell);
    let mark = launched.mark.clone();
    let done = launched.finish();
    assert_eq!(done.out, "y\ny\n141\n", "{done:?}");
    assert_eq!(done.error, "");
    wait_until_gone(&mark, SOON);
}

#[test]
fn both_streams_into_one_file_stay_whole_lines() {
    let path = std::env::temp_dir().join(format!("launch-output-{}", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    let text = "for i in 1 2 3 4 5 6 7 8 9; do printf out; printf err >&2; echo put; echo or >&2; done";
    let mut with = command(&["-n", "8", "sh", "-c", text]);
    with.stdout(file.try_clone().unwrap()).stderr(file);
    assert_eq!(start(with).finish().code, 0);
    let written = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(written.lines().filter(|line| *line == "output").count(), 72, "{written}");
    assert_eq!(written.lines().filter(|line| *line == "error").count(), 72, "{written}");
}

#[test]
fn a_reader_that_does_not_read_costs_no_memory_and_hides_no_death() {
    // Rank 0 fails when it is told to.
    let text = "test $RANKS_RANK = 0 && { read x; exit 5; }; yes";
    let mut with = command(&["-n", "4", "sh", "-c", text]);
    let mut child = with.stdin(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(900));
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let resident: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(resident < 32_000, "{line}");
    child.stdin.take().unwrap().write_all(b"now\n").unwrap();
    let mut report = [0; 64];
    let n = child.stderr.as_mut().unwrap().read(&mut report).unwrap();
    assert!(
        String::from_utf8_lossy(&report[..n]).contains("rank 0"),
        "the report comes though stdout is stuck"
    );
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < SOON, "hangs on a full pipe");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn a_slow_reader_loses_nothing() {
    let mut child = command(&["-n", "2", "seq", "100000"]).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    // The ranks end long before this reader begins.
    std::thread::sleep(Duration::from_millis(800));
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().count(), 200_000);
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_a_dying_rank_wrote_comes_before_its_report() {
    let done = run(&[
        "-n",
        "2",
        "sh",
        "-c",
        "test $RANKS_RANK = 0 && exec sleep 30; printf 'last words' >&2; kill -9 $$",
    ]);
    assert!(done.error.starts_with("last words\nranks run: rank 1 "), "{}", done.error);
}

#[test]
fn two_jobs_at_once() {
    let gate = std::env::temp_dir().join(format!("launch-two-{}", std::process::id()));
    let job = |name: &str| {
        let text = format!("echo up; until test -e {}; do sleep 0.01; done; echo {name}", gate.display());
        start(command(&["-n", "4", "sh", "-c", &text]))
    };
    let (first, second) = (job("a"), job("b"));
    first.wait_until_up(4);
    second.wait_until_up(4);
    std::fs::write(&gate, "").unwrap();
    for (job, name) in [(first, "a"), (second, "b")] {
        let done = job.finish();
        assert_eq!((done.out.matches(&format!("{name}\n")).count(), done.code), (4, 0), "{done:?}");
    }
    std::fs::remove_file(&gate).unwrap();
}

/// Where both streams go to one place, what a rank writes first stands first, though it has begun a line on the other
/// stream before.
#[test]
fn streams_of_one_rank_keep_their_order() {
    let text = "printf '..' >&2; sleep 0.9; printf '\\r' >&2; seq 20000; echo summary >&2";
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = command(&["-n", "1", "sh", "-c", text]);
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut all = String::new();
    reader.read_to_string(&mut all).unwrap();
    assert!(child.wait().unwrap().success());
    let end: Vec<&str> = all.lines().rev().take(2).map(|line| line.trim_start_matches('\r')).collect();
    assert_eq!((end, all.lines().count()), (vec!["summary", "20000"], 20001), "{:?}", &all[..20]);
}

/// What processes write that a rank has left behind in its process group is not lost.
#[test]
fn output_of_processes_that_outlive_their_rank_is_read() {
    let done = run(&["-n", "1", "sh", "-c", "(sleep 1; echo late; sleep 1; echo later) & echo now"]);
    assert_eq!((done.code, &*done.out, &*done.error), (0, "now\nlate\nlater\n", ""));
    let slow = "seq 8 > >(while read line; do sleep 0.3; echo $line; done)";
    let done = run(&["-n", "1", "bash", "-c", slow]);
    assert_eq!((done.code, done.out.lines().count()), (0, 8), "{done:?}");
}

/// Those that write nothing, and those that have left the group, do not hold up the job for ever.
#[test]
fn processes_that_write_nothing_do_not_hold_up_the_job() {
    let silent = "sleep 500 & echo $!";
    let done = run(&["-n", "2", "sh", "-c", silent]);
    let text = "ranks 0 and 1 have ended, and processes left behind still hold the output after ";
    assert!(done.code == 0 && done.error.contains(text), "{done:?}");
    done.out.lines().for_each(|pid| signal(pid.parse().unwrap(), "KILL"));
    let away = "setsid sleep 500 & echo $!";
    let done = run(&["-n", "1", "sh", "-c", away]);
    assert_eq!((done.code, &*done.error), (0, ""), "{done:?}");
    signal(done.out.trim().parse().unwrap(), "KILL");
}
