use super::*;

fn task(number: u64, host: &str) -> Task {
    Task { line: Line { number, url: format!("http://{host}/{number}") }, tries: 0 }
}

fn number(next: Next) -> Option<u64> {
    match next {
        Next::Fetch(task) => Some(task.line.number),
        _ => None,
    }
}

fn at(start: Instant, ms: u64) -> Instant {
    start + Duration::from_millis(ms)
}

#[test]
fn without_limits_all_go_at_once_in_order() {
    let (mut queue, now) = (HostQueue::new(HostLimits::default()), Instant::now());
    (0..5).for_each(|i| queue.add(task(i, "a"), None));
    assert!((0..5).all(|i| number(queue.next(now)) == Some(i)));
    assert_eq!(queue.next(now), Next::Nothing);
    (0..5).for_each(|_| queue.done("http://a/", None));
    assert!(!queue.has_more() && queue.hosts.is_empty());
}

#[test]
fn so_many_of_a_host_at_once() {
    let (mut queue, now) = (HostQueue::new(HostLimits { at_once: Some(2), interval: None }), Instant::now());
    (0..5).for_each(|i| queue.add(task(i, "a"), None));
    queue.add(task(9, "b"), None);
    let mut first: Vec<_> = (0..3).map(|_| number(queue.next(now))).collect();
    first.sort();
    assert_eq!(first, [Some(0), Some(1), Some(9)]);
    assert_eq!(queue.next(now), Next::Nothing);
    for i in 2..5 {
        queue.done("http://a/", None);
        assert_eq!((number(queue.next(now)), queue.next(now)), (Some(i), Next::Nothing));
    }
    ["a", "a", "b"].iter().for_each(|host| queue.done(&format!("http://{host}/"), None));
    assert!(queue.hosts.is_empty() && !queue.has_more());
}

#[test]
fn a_rate_is_kept_and_others_do_not_wait() {
    let limits = HostLimits { at_once: None, interval: Some(Duration::from_millis(100)) };
    let (mut queue, start) = (HostQueue::new(limits), Instant::now());
    (0..3).for_each(|i| queue.add(task(i, "a"), None));
    assert_eq!(number(queue.next(start)), Some(0));
    assert_eq!(queue.next(start), Next::Wait(at(start, 100)));
    queue.add(task(9, "b"), None);
    assert_eq!(number(queue.next(start)), Some(9));
    queue.done("http://a/", None);
    assert_eq!(queue.next(at(start, 50)), Next::Wait(at(start, 100)));
    assert_eq!(number(queue.next(at(start, 130))), Some(1));
    assert_eq!(queue.next(at(start, 140)), Next::Wait(at(start, 200)));
    assert_eq!(number(queue.next(at(start, 200))), Some(2));
    queue.done("http://a/", None);
    queue.done("http://a/", None);
    queue.done("http://b/", None);
    // A line that comes later keeps its distance too.
    queue.add(task(3, "a"), None);
    assert_eq!(queue.next(at(start, 240)), Next::Wait(at(start, 300)));
    assert_eq!(number(queue.next(at(start, 300))), Some(3));
    queue.done("http://a/", None);
    assert_eq!(queue.next(at(start, 500)), Next::Nothing);
    assert!(queue.hosts.is_empty());
}

#[test]
fn a_rate_beyond_what_timers_can_keep_apart_is_kept_on_average() {
    let limits = HostLimits { at_once: None, interval: Some(Duration::from_micros(500)) };
    let (mut queue, start) = (HostQueue::new(limits), Instant::now());
    (0..3000).for_each(|i| queue.add(task(i, "a"), None));
    // A timer that is late by up to two milliseconds each time.
    let begun = |ms: u64, queue: &mut HostQueue| {
        let mut begun = 0;
        while number(queue.next(at(start, ms))).is_some() {
            begun += 1;
        }
        begun
    };
    let total: u64 = (0..=500).step_by(2).map(|ms| begun(ms, &mut queue)).sum();
    assert!((995..=1001).contains(&total), "{total} in half a second");
    // After a pause nothing is made up for.
    assert!(begun(700, &mut queue) <= 21);
}

#[test]
fn a_host_that_asks_for_it_is_left_alone() {
    let (mut queue, start) = (HostQueue::new(HostLimits::default()), Instant::now());
    (0..4).for_each(|i| queue.add(task(i, "a"), None));
    queue.add(task(9, "b"), None);
    assert_eq!(number(queue.next(start)), Some(0));
    queue.done("http://a/", Some(at(start, 500)));
    assert_eq!(number(queue.next(start)), Some(9));
    assert_eq!(queue.next(start), Next::Wait(at(start, 500)));
    // The same line again, when its own pause is over and the host's too.
    queue.add(task(0, "a"), Some(at(start, 300)));
    assert_eq!(queue.next(start), Next::Wait(at(start, 300)));
    assert_eq!(queue.next(at(start, 301)), Next::Wait(at(start, 500)));
    let all: Vec<_> = (0..4).map(|_| number(queue.next(at(start, 500)))).collect();
    assert_eq!(all, [Some(1), Some(2), Some(3), Some(0)]);
    (0..4).for_each(|_| queue.done("http://a/", None));
    assert!(queue.hosts.is_empty() && !queue.has_more());
}
