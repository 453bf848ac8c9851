//! Whether a visit is worth another try, and when.

use std::time::{Duration, SystemTime};

use super::{FailureKind, Visit};
use crate::bounds::{FIRST_PAUSE, LONGEST_PAUSE};

/// What is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Tries after the first.
    pub most: u32,
    /// The statuses that are tried again.
    pub statuses: Vec<u16>,
    /// The longest pause that a server's `Retry-After` is obeyed for; 0: it is ignored.
    pub longest_wait: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Retries { most: 0, statuses: vec![429, 500, 502, 503, 504], longest_wait: Duration::from_secs(60) }
    }
}

impl Retries {
    /// The pause after which a request that was sent `tries` times is sent again; `None`: `visit` is final.
    /// `repeatable`: the request may be repeated even if the server may have acted on it.
    pub fn again(&self, visit: &Visit, tries: u32, repeatable: bool) -> Option<Duration> {
        if tries > self.most {
            return None;
        }
        let worth = match (&visit.failure, visit.status) {
            (Some(failure), _) => passing(failure.kind, repeatable),
            (None, Some(status)) => repeatable && self.statuses.contains(&status),
            (None, None) => false,
        };
        // A server that says when to come back means what it says, whatever it was asked.
        let asked =
            self.wait(visit).filter(|_| visit.status.is_some_and(|status| self.statuses.contains(&status)));
        if !worth && asked.is_none() {
            return None;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << (tries - 1).min(16)).min(LONGEST_PAUSE);
        // Half of it by chance, so that what failed together does not come back together.
        let pause = pause.mul_f64(0.5 + 0.5 * fastrand::f64());
        Some(pause.max(asked.unwrap_or_default()))
    }

    /// How long the server of this answer wants to be left alone, as far as it is obeyed.
    pub fn wait(&self, visit: &Visit) -> Option<Duration> {
        let busy = matches!(visit.status, Some(429 | 503));
        visit
            .retry_after
            .filter(|_| busy && !self.longest_wait.is_zero())
            .map(|wait| wait.min(self.longest_wait))
    }
}

/// Whether a failure of this kind may be gone the next time.
fn passing(kind: FailureKind, repeatable: bool) -> bool {
    use FailureKind::*;
    match kind {
        // Before the server saw the request.
        Dns | ConnectionRefused | ConnectionFailed => true,
        TimedOut | ConnectionClosed | BodyCutShort | BadResponse => repeatable,
        _ => false,
    }
}

/// The value of a `Retry-After` header: seconds, or a date.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    match value.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(now).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    fn visit(status: Option<u16>, failure: Option<FailureKind>, seconds: Option<u64>) -> Visit {
        Visit {
            status,
            failure: failure.map(|kind| Failure::new(kind, "")),
            retry_after: seconds.map(Duration::from_secs),
            ..Visit::default()
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_so_many_times() {
        let retries = Retries { most: 2, ..Retries::default() };
        let busy = visit(Some(503), None, None);
        for (tries, least, most) in [(1, 250, 500), (2, 500, 1000)] {
            let pause = retries.again(&busy, tries, true).unwrap();
            assert!((least..=most).contains(&pause.as_millis()), "{pause:?}");
        }
        assert_eq!(retries.again(&busy, 3, true), None);
        assert_eq!(retries.again(&visit(Some(404), None, None), 1, true), None);
        assert_eq!(retries.again(&visit(Some(200), None, Some(9)), 1, true), None);
        assert!(retries.again(&visit(None, Some(FailureKind::TimedOut), None), 1, true).is_some());
        assert_eq!(retries.again(&visit(None, Some(FailureKind::InvalidUrl), None), 1, true), None);
        assert_eq!(Retries::default().again(&busy, 1, true), None);
    }

    #[test]
    fn what_must_not_be_repeated_is_not() {
        let retries = Retries { most: 2, ..Retries::default() };
        for kind in [FailureKind::TimedOut, FailureKind::ConnectionClosed] {
            assert_eq!(retries.again(&visit(None, Some(kind), None), 1, false), None);
        }
        assert!(retries.again(&visit(None, Some(FailureKind::ConnectionRefused), None), 1, false).is_some());
        assert_eq!(retries.again(&visit(Some(500), None, None), 1, false), None);
        assert!(retries.again(&visit(Some(429), None, Some(1)), 1, false).is_some());
    }

    #[test]
    fn fuzz_retry_after() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        ranks_http::fuzz::fuzz("retry", &["GMT", "Sun, ", "Nov", "1994", "-", "+", ":", "99999"], |input| {
            let text = String::from_utf8_lossy(input);
            let found = retry_after(&text, now);
            // Seconds are digits, a date ends in its year or zone.
            let plausible =
                |text: &str| text.ends_with("GMT") || text.ends_with(|last: char| last.is_ascii_digit());
            assert!(found.is_none() || plausible(text.trim()));
            found.map(|wait| ranks_http::fuzz::rough(wait.as_secs() as usize))
        });
    }

    #[test]
    fn servers_say_when_to_come_back() {
        let retries = Retries { most: 1, ..Retries::default() };
        let pause = retries.again(&visit(Some(429), None, Some(7)), 1, true);
        assert_eq!(pause, Some(Duration::from_secs(7)));
        assert_eq!(retries.wait(&visit(Some(503), None, Some(86_400))), Some(Duration::from_secs(60)));
        assert_eq!(retries.wait(&visit(Some(200), None, Some(5))), None);
        let deaf = Retries { longest_wait: Duration::ZERO, ..retries };
        assert_eq!(deaf.wait(&visit(Some(429), None, Some(7))), None);

        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after(" 120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        for none in ["", "-1", "soon", "Sun, 06 Nov 1994 08:49:27 GMT"] {
            assert_eq!(retry_after(none, now), None, "{none}");
        }
    }
}
