//! A job that runs beside the program that has started it.

use ranks_launch::{Cause, Death, Launch, Line, StdStream, Stdin};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Runs a test's body; a hang is a failure after a minute.
fn watched<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, outcome) = mpsc::channel();
    std::thread::spawn(move || done.send(body()));
    outcome.recv_timeout(Duration::from_secs(60)).expect("the test ends")
}

fn shell(text: &str) -> Launch {
    Launch::new("sh").args(["-c", text]).stdin(Stdin::None).name("job")
}

/// A small executor: the thread sleeps until it is woken.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match Pin::new(&mut future).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

fn lives(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn the_end_is_told_to_threads_and_to_tasks() {
    watched(|| {
        let outcome = shell("exit $RANKS_RANK").ranks(2).quiet(true).start().unwrap().wait();
        assert_eq!(outcome.code, 1);
        assert_eq!(outcome.failure.map(|failure| (failure.rank, failure.cause)), Some((1, Cause::Exit(1))));
        assert_eq!(outcome.ends, [Some(Death::Exit(0)), Some(Death::Exit(1))]);

        let mut job = shell("sleep 0.1").ranks(2).start().unwrap();
        assert_eq!(block_on(&mut job).code, 0);
        assert_eq!(job.try_wait().map(|outcome| outcome.code), Some(0));
        assert_eq!(job.wait().ends, [Some(Death::Exit(0)); 2]);
    });
}

#[test]
fn lines_come_with_their_rank_while_the_job_runs() {
    watched(|| {
        let text = "echo out; echo error >&2; printf 'no end'; until test -e $STOP; do sleep 0.01; done";
        let stop = std::env::temp_dir().join(format!("ranks-running-{}", std::process::id()));
        let (job, mut lines) = shell(text).ranks(2).env("STOP", &stop).start_with_lines().unwrap();
        let mut first: Vec<Line> = lines.by_ref().take(4).collect();
        assert_eq!(job.try_wait(), None, "the ranks wait for a file");
        std::fs::write(&stop, "").unwrap();
        first.extend(lines);
        let mut said: Vec<_> = first.iter().map(|line| (line.rank, &line.bytes[..], line.stream)).collect();
        said.sort_by_key(|&(rank, bytes, _)| (rank, bytes));
        let of = |rank: usize| {
            [(b"error".as_slice(), StdStream::Error), (b"no end", StdStream::Out), (b"out", StdStream::Out)]
                .map(|(bytes, stream)| (Some(rank), bytes, stream))
        };
        assert_eq!(said, [of(0), of(1)].concat());
        assert_eq!(job.wait().code, 0);
        std::fs::remove_file(stop).unwrap();
    });
}

#[test]
fn lines_are_a_stream() {
    struct Next<'a>(&'a mut ranks_launch::Lines);
    impl Future for Next<'_> {
        type Output = Option<Line>;
        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Line>> {
            futures_core::Stream::poll_next(Pin::new(&mut *self.0), cx)
        }
    }
    watched(|| {
        let (mut job, mut lines) =
            shell("seq 30000; sleep 0.1; echo end").ranks(2).start_with_lines().unwrap();
        let mut counts = [0; 2];
        while let Some(line) = block_on(Next(&mut lines)) {
            counts[line.rank.unwrap()] += 1;
        }
        assert_eq!(counts, [30_001; 2]);
        assert_eq!(block_on(&mut job).code, 0);
    });
}

#[test]
fn reports_are_lines_of_no_rank() {
    watched(|| {
        let (job, lines) = shell("echo last words >&2; exit 3").start_with_lines().unwrap();
        let lines: Vec<Line> = lines.collect();
        assert_eq!((lines[0].rank, lines[0].text().as_ref()), (Some(0), "last words"));
        assert_eq!(lines[1].rank, None);
        assert!(lines[1].text().starts_with("job: rank 0 (sh, process "), "{lines:?}");
        assert_eq!(job.wait().code, 3);
    });
}

#[test]
fn nobody_takes_the_lines() {
    watched(|| {
        // More than is kept: the ranks would wait in their writes.
        let (job, lines) = shell("seq 200000").ranks(2).start_with_lines().unwrap();
        assert_eq!(job.wait().code, 0);
        assert_eq!(lines.count(), 400_000);

        let (mut job, lines) = shell("seq 200000").ranks(2).start_with_lines().unwrap();
        drop(lines);
        assert_eq!(block_on(&mut job).code, 0);
    });
}

#[test]
fn the_end_in_good_order_has_its_grace_time() {
    watched(|| {
        let text = "trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
        let (job, mut lines) = shell(text).ranks(2).quiet(true).start_with_lines().unwrap();
        let ready: Vec<_> = lines.by_ref().take(2).map(|line| line.text().into_owned()).collect();
        assert_eq!(ready, ["ready"; 2]);
        job.terminate();
        // The shell may say on standard error that its `sleep` was terminated.
        let lines = lines.filter(|line| line.stream == StdStream::Out);
        let saved: Vec<_> = lines.map(|line| line.text().into_owned()).collect();
        assert_eq!(saved, ["saved"; 2]);
        assert_eq!(job.wait().code, 128 + 15);
    });
}

#[test]
fn a_dropped_job_leaves_nothing() {
    watched(|| {
        let (job, mut lines) = shell("sleep 100 & echo $!; wait").ranks(3).start_with_lines().unwrap();
        let mut pids: Vec<u32> = lines.by_ref().take(3).map(|line| line.text().parse().unwrap()).collect();
        pids.extend(job.pids());
        assert!(pids.iter().all(|&pid| lives(pid)), "{pids:?}");
        drop(job);
        // What a rank has started is reaped by whoever has inherited it.
        while pids.iter().any(|&pid| lives(pid) && !is_zombie(pid)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
}

fn is_zombie(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
}

#[test]
fn a_job_that_cannot_be_started_says_why() {
    watched(|| {
        let error = Launch::new("no-such-program-here").start().unwrap_err();
        assert_eq!(error.code, 127);
        assert!(error.to_string().contains("no-such-program-here"), "{error}");
        let error = shell("true").ranks(0).start().unwrap_err();
        assert_eq!(error.code, 2);
    });
}

#[test]
fn several_jobs_run_side_by_side() {
    watched(|| {
        let jobs: Vec<_> =
            (0..8).map(|code| shell(&format!("exit {code}")).quiet(true).start().unwrap()).collect();
        let codes: Vec<_> = jobs.into_iter().map(|job| job.wait().code).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7]);
    });
}
