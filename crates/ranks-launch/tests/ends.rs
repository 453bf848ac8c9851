//! Ends: exit codes, reports, signals, time limits.

mod common;
use common::{SOON, command, processes, run, signal, stand_in, start, wait_for, wait_until_gone};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn part(error: &str, part: &str) {
    assert!(error.contains(part), "no {part:?} in:\n{error}");
}

/// The report shows this last line of the rank, unless the line stands just above it.
fn last_line(error: &str, line: &str, report: &str) {
    let above = error.contains(&format!("{line}\nranks run: "));
    assert!(above || error.contains(&format!("{report}\n  its last line: {line}\n")), "{error}");
}

/// Shell text: this rank is ready, and waits until all `n` are.
fn all_ready(folder: &Path, n: usize) -> String {
    let folder = folder.display();
    format!("touch {folder}/$RANKS_RANK; until test $(ls {folder} | wc -l) = {n}; do sleep 0.01; done")
}

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("launch-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn the_first_failing_rank_gives_the_exit_code() {
    let done = run(&["-n", "4", "false"]);
    assert_eq!(done.code, 1);
    assert_eq!(done.error.lines().count(), 1, "{}", done.error);

    let done = run(&["-n", "4", "sh", "-c", "test $RANKS_RANK = 2 && exit 7; exec sleep 60"]);
    assert_eq!(done.code, 7);
    part(&done.error, "ranks run: rank 2 (sh, process ");
    part(&done.error, " exited with code 7\n");
    assert!(done.took < SOON, "{done:?}");
}

/// Lines of another rank stand between what the failing rank said and the report.
#[test]
fn the_report_repeats_what_the_failing_rank_said_last() {
    let folder = folder("words");
    let wait = |name: &str| format!("until test -e {name}; do sleep 0.01; done");
    for (end, code, told) in [
        ("exit 7", 7, " exited with code 7"),
        ("kill -SEGV $$", 139, " was killed by signal 11 (SIGSEGV, segmentation fault)"),
        ("kill -KILL $$", 137, " was killed by signal 9 (SIGKILL, perhaps out of memory)"),
    ] {
        let text = format!(
            "cd {}; if test $RANKS_RANK = 0; then echo first >&2; echo mine >&2; touch a; {}; {end}
            else {}; echo other >&2; touch b; exec sleep 60; fi",
            folder.display(),
            wait("b"),
            wait("a")
        );
        let done = run(&["-n", "2", "sh", "-c", &text]);
        assert_eq!(done.code, code);
        assert!(done.error.starts_with("first\nmine\nother\nranks run: rank 0 (sh, process "), "{done:?}");
        part(&done.error, &format!("{told}\n  its last line: mine\n"));
        ["a", "b"].iter().for_each(|name| std::fs::remove_file(folder.join(name)).unwrap());
    }

    std::fs::remove_dir_all(&folder).unwrap();

    // It stands above the report already.
    let done = run(&["-n", "2", "sh", "-c", "test $RANKS_RANK = 1 || exec sleep 60; echo mine >&2; exit 7"]);
    assert!(done.error.starts_with("mine\nranks run: rank 1 ("), "{done:?}");
    assert!(!done.error.contains("last line"), "{done:?}");
}

#[test]
fn a_signal_gives_128_and_its_number() {
    for (name, number) in [("KILL", 137), ("SEGV", 139), ("TERM", 143)] {
        let text = format!("test $RANKS_RANK = 1 && kill -{name} $$; exec sleep 60");
        let done = run(&["-n", "3", "sh", "-c", &text]);
        assert_eq!(done.code, number, "{done:?}");
        part(&done.error, &format!("was killed by signal {} (SIG{name}", number - 128));
    }
}

#[test]
fn one_report_says_what_the_others_waited_for() {
    let s = stand_in();
    let waits =
        ["attach", "except:1", "receive:1:5", "only:1", "until-waiting:3", "crash", "all", "sleep:60000"];
    let done = run(&[&["-n", "4", &s][..], &waits].concat());
    assert_eq!(done.code, 134);
    part(&done.error, "rank 1 (stand_in, process ");
    part(&done.error, "was killed by signal 6 (SIGABRT");
    part(&done.error, "  ranks 0, 2 and 3 wait in MPI_Recv from rank 1, tag 5 on world, for ");
    assert_eq!(done.error.matches("ranks run: ").count(), 1, "{}", done.error);
    assert!(done.took < SOON, "{done:?}");

    let quiet = run(&[&["-q", "-n", "4", &s][..], &waits].concat());
    assert_eq!((quiet.code, quiet.error.as_str()), (134, ""));
}

/// What it has sent may all have been received, so nobody loses its result.
#[test]
fn who_exits_with_code_0_without_finalising_ends_nobody() {
    let s = stand_in();
    let words =
        ["attach", "until-attached", "only:2", "exit:0", "all", "sleep:300", "say:result", "finalise"];
    let done = run(&[&["-n", "3", &s][..], &words].concat());
    assert_eq!((done.code, done.out.as_str()), (1, "result\nresult\n"), "{done:?}");
    let line = "ranks run: rank 2 exited with code 0 and without finalising (MPI_Finalize); no other rank was ended for \
                that, and the exit code is 1\n";
    assert_eq!(done.error, line);
    assert_eq!(run(&["-n", "3", &s, "attach", "finalise"]).code, 0);
    // After finalising an exit code still counts.
    assert_eq!(run(&["-n", "3", &s, "attach", "finalise", "only:1", "exit:9"]).code, 9);

    // Someone needed it.
    let words = ["attach", "until-attached", "only:2", "exit:0", "all", "sleep:300", "blame:2", "exit:5"];
    let done = run(&[&["-n", "3", &s][..], &words].concat());
    assert_eq!(done.code, 1, "{done:?}");
    part(&done.error, "ranks run: rank 2 (stand_in, process ");
    part(&done.error, "exited with code 0 and without finalising, while other ranks still needed it\n");
}

/// A Rust program finalises when its world is dropped, and prints the error that `main` returns after that.
#[test]
fn the_rank_that_finalised_first_is_waited_for_and_named() {
    let s = stand_in();
    let words = ["attach", "until-attached", "only:1", "finalise", "sleep:400", "complain:why", "exit:3"];
    let others =
        ["except:1", "until-finished:1", "blame:1", "complain:rank 1 has finished", "finalise", "exit:1"];
    let done = run(&[&["-n", "4", &s][..], &words, &others].concat());
    assert_eq!(done.code, 3, "{done:?}");
    assert_eq!(done.error.matches("ranks run: ").count(), 1, "{}", done.error);
    part(&done.error, "ranks run: rank 1 (stand_in, process ");
    last_line(&done.error, "why", " exited with code 3");
}

#[test]
fn a_chain_of_failures_leads_to_the_rank_that_left_early() {
    let s = stand_in();
    let words = ["attach", "until-attached", "only:2", "finalise", "exit:0"];
    let next = ["only:1", "until-finished:1", "blame:2", "finalise", "sleep:200", "exit:4"];
    let last = ["only:0", "until-finished:2", "blame:1", "exit:5"];
    let done = run(&[&["-n", "3", &s][..], &words, &next, &last].concat());
    part(&done.error, "ranks run: rank 2 (stand_in, process ");
    part(
        &done.error,
        "finished its part while other ranks still needed it, and they failed: the exit code is ",
    );
    assert!(done.code == 4 || done.code == 5, "{done:?}");
}

/// An abort for the sake of another rank's end is a consequence.
#[test]
fn an_abort_that_blames_another_rank_does_not_hide_it() {
    let s = stand_in();
    let words = ["attach", "until-attached", "only:2", "complain:why", "finalise", "sleep:200", "exit:3"];
    let others = ["except:2", "until-finished:1", "blame:2", "complain:gone", "abort:77", "exit:77"];
    let done = run(&[&["-n", "3", &s][..], &words, &others].concat());
    assert_eq!(done.code, 3, "{done:?}");
    part(&done.error, "ranks run: rank 2 (stand_in, process ");
    last_line(&done.error, "why", " exited with code 3");
}

#[test]
fn an_abort_names_who_asked_even_if_its_process_lives_on() {
    let s = stand_in();
    let done = run(&["-n", "3", &s, "attach", "only:1", "abort:42", "all", "sleep:60000"]);
    assert_eq!(done.code, 42, "{done:?}");
    part(&done.error, "rank 1 (stand_in, process ");
    part(&done.error, "aborted the job with code 42");
    assert!(done.took < SOON, "{done:?}");
    assert_eq!(run(&["-n", "2", &s, "attach", "only:1", "abort:0", "exit:0"]).code, 1);
}

#[test]
fn late_words_of_the_others_are_forwarded() {
    let folder = folder("late");
    let text = format!(
        "trap 'echo ending $RANKS_RANK >&2; exit 1' TERM; {}; test $RANKS_RANK = 0 && exit 3; sleep 60 & wait",
        all_ready(&folder, 3)
    );
    let done = run(&["--grace", "30", "-n", "3", "sh", "-c", &text]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(done.code, 3);
    part(&done.error, "ending 1\n");
    part(&done.error, "ending 2\n");
    assert_eq!(done.error.matches("ranks run: ").count(), 1, "{}", done.error);
}

#[test]
fn who_ignores_term_is_killed_a_second_later() {
    let folder = folder("ignored");
    let ready = all_ready(&folder, 3);
    let text = format!("trap '' TERM; {ready}; test $RANKS_RANK = 0 && exit 3; while :; do sleep 60; done");
    let done = run(&["-n", "3", "sh", "-c", &text]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.took > Duration::from_millis(900) && done.took < SOON, "{done:?}");
}

#[test]
fn a_time_limit_shows_a_roll_call() {
    let s = stand_in();
    let done = run(&["--timeout", "3", "-n", "4", &s, "attach", "except:2", "barrier", "all", "sleep:60000"]);
    assert_eq!(done.code, 110, "{done:?}");
    part(&done.error, "ranks run: the time limit of 3.0 s has passed\n");
    part(&done.error, "  3 of 4 ranks wait in MPI_Barrier on world, for ");
    part(&done.error, ": ranks 0, 1 and 3\n");
    part(&done.error, "  rank 2 is computing (not in any call)\n");

    let mut by_variable = command(&["-n", "2", "sleep", "30"]);
    by_variable.env("MPIEXEC_TIMEOUT", "0.3");
    let done = start(by_variable).finish();
    assert_eq!(done.code, 110);
    part(&done.error, "2 of 2 ranks run and have not attached to the job\n");
}

#[test]
fn signals_end_the_job() {
    for (name, number) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let launched = start(command(&["-n", "3", "sh", "-c", "sleep 60 & echo up; wait"]));
        wait_for("three ranks, three children, keeper, launcher", || processes(&launched.mark).len() >= 8);
        launched.signal(name);
        let mark = launched.mark.clone();
        let done = launched.finish();
        assert_eq!(done.code, number, "{done:?}");
        wait_until_gone(&mark, SOON);
    }
}

#[test]
fn an_interrupt_is_an_interrupt_and_leaves_time_for_a_checkpoint() {
    // Longer than the second that ranks have after a failure.
    let text = "trap 'sleep 1.6; echo saved $RANKS_RANK; exit 0' INT; echo up; while :; do sleep 0.05; done";
    let launched = start(command(&["-n", "2", "sh", "-c", text]));
    launched.wait_until_up(2);
    launched.signal("INT");
    let done = launched.finish();
    assert_eq!(done.code, 130, "{done:?}");
    part(&done.out, "saved 0\n");
    part(&done.out, "saved 1\n");
}

#[test]
fn who_ignores_an_interrupt_hears_term_when_the_grace_is_over() {
    let text =
        "trap '' INT; trap 'echo term $RANKS_RANK; exit 0' TERM; echo up; while :; do sleep 0.05; done";
    for how in ["option", "variable"] {
        let mut with = match how {
            "option" => command(&["--grace", "0.3", "-n", "2", "sh", "-c", text]),
            _ => command(&["-n", "2", "sh", "-c", text]),
        };
        with.env("RANKS_GRACE", if how == "option" { "50" } else { "0.3" });
        let launched = start(with);
        launched.wait_until_up(2);
        launched.signal("INT");
        let done = launched.finish();
        assert_eq!(done.code, 130, "{done:?}");
        part(&done.out, "term 0\n");
        part(&done.out, "term 1\n");
        part(&done.error, "of the interrupt: ending by force\n  --grace SECONDS gives them more time\n");
        assert!(done.took < SOON, "{done:?}");
    }
}

#[test]
fn ranks_that_all_wait_for_each_other_are_not_given_the_whole_grace() {
    let s = stand_in();
    let text = "trap '' INT; exec \"$0\" attach barrier say:up sleep:90000";
    let launched = start(command(&["--grace", "50", "-n", "2", "sh", "-c", text, &s]));
    launched.wait_until_up(2);
    launched.signal("INT");
    let done = launched.finish();
    assert_eq!(done.code, 130, "{done:?}");
    assert!(done.took < SOON, "{done:?}");
}

#[test]
fn further_signals_hurry_the_end() {
    let text = "trap '' INT; trap '' TERM; echo up; while :; do sleep 60; done";
    let launched = start(command(&["--grace", "50", "-n", "2", "sh", "-c", text]));
    wait_for("ranks that ignore all", || processes(&launched.mark).len() >= 6);
    for _ in 0..3 {
        launched.signal("INT");
        std::thread::sleep(Duration::from_millis(100));
    }
    let done = launched.finish();
    assert_eq!(done.code, 130, "{done:?}");
    assert!(done.took < SOON, "{done:?}");
}

#[test]
fn quit_shows_a_roll_call_and_the_job_goes_on() {
    let s = stand_in();
    let gate = std::env::temp_dir().join(format!("launch-gate-{}", std::process::id()));
    let go_on = format!("until-exists:{}", gate.display());
    let waits = ["attach", "barrier", "until-waiting:2", "say:up", &go_on, "clear", "finalise"];
    let launched = start(command(&[&["-n", "2", &s][..], &waits].concat()));
    launched.wait_until_up(2);
    launched.signal("QUIT");
    wait_for("a roll call", || launched.error_so_far().contains("2 of 2 ranks wait in MPI_Barrier"));
    std::fs::write(&gate, "").unwrap();
    let done = launched.finish();
    assert_eq!(done.code, 0, "{done:?}");
    part(&done.error, "2 of 2 ranks wait in MPI_Barrier on world, for ");
    std::fs::remove_file(&gate).unwrap();
}

#[test]
fn user_signals_reach_the_ranks() {
    let text = "trap 'echo got $RANKS_RANK; exit 0' USR1; echo up; while :; do sleep 0.05; done";
    let launched = start(command(&["-n", "2", "sh", "-c", text]));
    launched.wait_until_up(2);
    launched.signal("USR1");
    let done = launched.finish();
    part(&done.out, "got 0\n");
    part(&done.out, "got 1\n");
}

#[test]
fn a_stopped_rank_ends_with_the_job() {
    let text = "test $RANKS_RANK = 1 && kill -STOP $$; sleep 0.3; exit 4";
    let done = run(&["-n", "2", "sh", "-c", text]);
    assert_eq!(done.code, 4, "{done:?}");
    assert!(done.took < SOON, "{done:?}");
}

#[test]
fn an_ordinary_end_leaves_daemons_alone() {
    let launched = start(command(&["-n", "2", "sh", "-c", "setsid sleep 60 & echo up"]));
    let mark = launched.mark.clone();
    let done = launched.finish();
    assert_eq!((done.code, done.out.as_str()), (0, "up\nup\n"));
    assert!(done.took < SOON, "{done:?}");
    let daemons = || processes(&mark).into_iter().filter(|process| process.name == "sleep");
    wait_for("two daemons", || daemons().count() == 2);
    daemons().for_each(|process| signal(process.pid, "KILL"));
}

#[test]
fn a_nested_job_ends_with_its_rank() {
    let text =
        "if test $RANKS_RANK = 1; then sleep 0.7; exit 6; fi; exec \"$0\" -n 2 sh -c 'sleep 60 & sleep 60'";
    let launched = start(command(&["-n", "2", "sh", "-c", text, &common::launcher()]));
    let mark = launched.mark.clone();
    let done = launched.finish();
    assert_eq!(done.code, 6, "{done:?}");
    wait_until_gone(&mark, SOON);
}

#[test]
fn stop_and_continue() {
    // Long enough to be found running on a busy machine.
    let text = "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; done; echo done";
    let launched = start(command(&["-n", "2", "sh", "-c", text]));
    let state = |pid: u32| -> char {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('?')
    };
    // By name: the keeper is a child too, and has the launcher's name for its first moment.
    let ranks = || -> Vec<_> {
        let is_rank = |p: &common::Process| p.parent == launched.pid() && p.name == "sh";
        processes(&launched.mark).into_iter().filter(is_rank).collect()
    };
    wait_for("ranks", || ranks().len() == 2);
    launched.signal("TSTP");
    wait_for("a stopped launcher", || state(launched.pid()) == 'T');
    // D: a shell whose child was stopped on its way to become `sleep` waits for it.
    wait_for("stopped ranks", || ranks().iter().all(|process| matches!(state(process.pid), 'T' | 'D')));
    launched.signal("CONT");
    let done = launched.finish();
    assert_eq!((done.code, done.out.as_str()), (0, "done\ndone\n"), "{done:?}");
}
