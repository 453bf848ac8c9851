//! Progress on standard error.

use std::fmt;
use std::io::{self, IsTerminal, Read, Write, stderr, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::options::{When, is_dumb, on_terminal, terminal_columns};
use super::summary::Summary;

/// A line at the bottom of the terminal, or nothing.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    /// Records written, whether or not they are shown.
    done: Arc<AtomicU64>,
}

/// Redraws a second, at most.
const REDRAWS: u8 = 10;

impl Progress {
    /// A bar towards the number of lines in `inputs`, if they can be counted; `done` of them are done already.
    pub(super) fn new(when: When, inputs: &[String], done: u64) -> Progress {
        let target = match when {
            When::Never => return Progress::none(),
            // A terminal that moves no cursor would fill with repeated lines.
            When::Auto if !on_terminal("error") || is_dumb() => return Progress::none(),
            // A terminal that this process cannot see: behind the launcher's pipe.
            _ if !stderr().is_terminal() => {
                ProgressDrawTarget::term_like_with_hz(Box::new(Piped::new()), REDRAWS)
            }
            _ => ProgressDrawTarget::stderr_with_hz(REDRAWS),
        };
        let total = count(inputs);
        let template = match total {
            Some(_) => "{bar:20} {pos}/{len}, {rate}, {msg}, {elapsed}, {eta} left",
            None => "{spinner} {pos} done, {rate}, {msg}, {elapsed}",
        };
        let style = ProgressStyle::with_template(template).expect("the template is a constant").with_key(
            "rate",
            |state: &ProgressState, to: &mut dyn fmt::Write| {
                // Only a full terminal line could fail here.
                let _ = write!(to, "{:.0}/s", state.per_sec());
            },
        );
        let bar = ProgressBar::with_draw_target(total, target).with_style(style).with_message("0 errors");
        bar.set_position(done);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar: Some(bar), done: Arc::new(AtomicU64::new(done)) }
    }

    /// No progress shown: every rank but the first.
    pub(super) fn none() -> Progress {
        Progress { bar: None, done: Arc::default() }
    }

    /// How many records have been written so far, to be looked at from another thread.
    pub(super) fn done(&self) -> Arc<AtomicU64> {
        self.done.clone()
    }

    /// The bar, if one is shown.
    pub(super) fn bar(&self) -> Option<ProgressBar> {
        self.bar.clone()
    }

    /// Writes to standard output with the bar out of the way: both may be the same terminal.
    pub(super) fn around_output<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    pub(super) fn show(&self, summary: &Summary) {
        self.done.store(summary.records, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_position(summary.records);
            if !summary.failures.is_empty() {
                bar.set_message(format!("{} errors", summary.failed()));
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Lines in all inputs; `None`: standard input is among them, or nothing is.
pub(super) fn count(inputs: &[String]) -> Option<u64> {
    let lines = |name: &String| {
        if name.contains("://") {
            return Some(1);
        }
        // A pipe can be read only once.
        if name == "-" || !std::fs::metadata(name).is_ok_and(|data| data.is_file()) {
            return None;
        }
        // Ends of lines alone are counted: blank lines and comments are few, and this is done before the job begins.
        let mut file = std::fs::File::open(name).ok()?;
        let (mut buffer, mut lines, mut last) = (vec![0; 256 * 1024], 0, b'\n');
        loop {
            match file.read(&mut buffer).ok()? {
                0 => return Some(lines + u64::from(last != b'\n')),
                read => {
                    lines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
                    last = buffer[read - 1];
                }
            }
        }
    };
    inputs.iter().map(lines).sum::<Option<u64>>().filter(|&lines| lines > 0)
}

/// A pipe to the launcher, behind which is a terminal.
#[derive(Debug)]
struct Piped {
    /// The bar is drawn on standard output, since the records appear on a terminal too: what comes through two pipes
    /// could be shown in another order than it was written, and a record could stand behind the bar.
    out: bool,
    columns: u16,
}

/// What a terminal is taken to have whose launcher does not say how wide it is.
const COLUMNS: u16 = 80;

impl Piped {
    fn new() -> Self {
        Self { out: on_terminal("out"), columns: terminal_columns().unwrap_or(COLUMNS) }
    }

    fn send(&self, text: &str) -> io::Result<()> {
        if self.out { stdout().write_all(text.as_bytes()) } else { stderr().write_all(text.as_bytes()) }
    }

    fn times(&self, count: usize, sequence: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { self.send(&format!("\x1b[{count}{sequence}")) }
    }
}

impl TermLike for Piped {
    fn width(&self) -> u16 {
        self.columns
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.times(n, 'A')
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.times(n, 'B')
    }
    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.times(n, 'C')
    }
    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.times(n, 'D')
    }
    fn write_line(&self, s: &str) -> io::Result<()> {
        self.send(&format!("{s}\n"))
    }
    fn write_str(&self, s: &str) -> io::Result<()> {
        self.send(s)
    }
    fn clear_line(&self) -> io::Result<()> {
        self.send("\r\x1b[2K")
    }
    fn flush(&self) -> io::Result<()> {
        if self.out { stdout().flush() } else { stderr().flush() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_where_they_can_be() {
        let file = std::env::temp_dir().join(format!("ranks-count-{}", std::process::id()));
        std::fs::write(&file, "http://a\nhttp://b\nhttp://c").unwrap();
        let name = file.display().to_string();
        assert_eq!(count(&[name.clone(), "http://d".into()]), Some(4));
        assert_eq!(count(&[name, "-".into()]), None);
        assert_eq!(count(&[]), None);
        assert_eq!(count(&["/no/such".into()]), None);
        std::fs::remove_file(&file).unwrap();
    }
}
