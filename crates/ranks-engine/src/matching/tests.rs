//! The rules of matching, case by case, and against a plain model at random.

use super::*;

#[test]
fn messages_of_one_source_match_in_order() {
    let mut m = Matcher::new(2);
    let keep = |m: &mut Matcher, tag, id| {
        let number = m.number();
        m.keep(0, 1, tag, id, number);
    };
    keep(&mut m, 5, 10);
    keep(&mut m, 6, 11);
    keep(&mut m, 5, 12);
    assert_eq!(m.post(0, Some(1), Some(6), 0), Some(11));
    assert_eq!(m.post(0, Some(1), None, 0), Some(10));
    assert_eq!(m.post(0, None, Some(5), 0), Some(12));
    assert_eq!(m.post(0, None, None, 7), None);
    assert_eq!(m.arrive(0, 0, 99), Some(7));
    assert!(m.idle(0));
}

#[test]
fn the_earlier_of_specific_and_wildcard_receives_wins() {
    let mut m = Matcher::new(3);
    m.post(0, None, Some(1), 100);
    m.post(0, Some(2), Some(1), 101);
    assert_eq!(m.arrive(0, 2, 1), Some(100));
    assert_eq!(m.arrive(0, 2, 1), Some(101));
    m.post(0, Some(2), None, 102);
    m.post(0, None, None, 103);
    assert_eq!(m.arrive(0, 2, 1), Some(102));
    assert_eq!(m.arrive(0, 1, 1), Some(103));
    assert_eq!(m.arrive(0, 1, 1), None);
}

#[test]
fn contexts_do_not_mix_and_receives_can_be_withdrawn() {
    let mut m = Matcher::new(2);
    m.post(4, Some(0), Some(1), 1);
    assert_eq!(m.arrive(0, 0, 1), None);
    assert!(m.withdraw(4, Some(0), Some(1), 1));
    assert!(!m.withdraw(4, Some(0), Some(1), 1));
    assert_eq!(m.arrive(4, 0, 1), None);
    m.forget(4);
}

/// The rules written down as plainly as possible: two lists, searched from the front.
#[derive(Default)]
struct Model {
    posted: Vec<(u32, Option<usize>, Option<i32>, u32)>,
    unexpected: Vec<(u32, usize, i32, u32)>,
}

/// What a random run is like: how many steps, how many tags, and how many steps of a hundred post a receive, in turns of
/// so many steps (so that queues grow long, and short again).
struct Mix {
    steps: u32,
    tags: u64,
    turn: u32,
    posts: [u64; 2],
}

fn agrees_with_the_plain_model(seed: u64, mix: &Mix) {
    let mut state = seed;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let (mut m, mut model) = (Matcher::new(3), Model::default());
    for id in 0..mix.steps {
        let context = random(2) as u32 * 4;
        let (source, tag) = (random(3) as usize, random(mix.tags) as i32);
        let posts = random(100) < mix.posts[(id / mix.turn) as usize % 2];
        if posts && random(10) == 0 && !model.posted.is_empty() {
            // One of the receives is cancelled.
            let (c, s, t, other) = model.posted.remove(random(model.posted.len() as u64) as usize);
            assert!(m.withdraw(c, s, t, other), "seed {seed}");
            assert!(!m.withdraw(c, s, t, other), "seed {seed}");
        } else if posts {
            let (s, t) = ((random(3) > 0).then_some(source), (random(8) > 0).then_some(tag));
            let at = model.unexpected.iter().position(|&(c, from, with, _)| {
                c == context && s.is_none_or(|s| s == from) && t.is_none_or(|t| t == with)
            });
            let expected = at.map(|at| model.unexpected.remove(at));
            if random(4) == 0 {
                // A matched probe looks first, and takes the message out; else there is nothing to receive.
                let found = m.find(context, s, t);
                assert_eq!(found, expected.map(|(_, from, _, other)| (from, other)), "seed {seed}");
                if let Some((c, from, with, other)) = expected {
                    m.remove(c, from, with, other);
                }
                continue;
            }
            if expected.is_none() {
                model.posted.push((context, s, t, id));
            }
            assert_eq!(m.post(context, s, t, id), expected.map(|it| it.3), "seed {seed}");
        } else {
            let at = model.posted.iter().position(|&(c, s, t, _)| {
                c == context && s.is_none_or(|s| s == source) && t.is_none_or(|t| t == tag)
            });
            let expected = at.map(|at| model.posted.remove(at).3);
            assert_eq!(m.arrive(context, source, tag), expected, "seed {seed}");
            if expected.is_none() {
                model.unexpected.push((context, source, tag, id));
                let number = m.number();
                m.keep(context, source, tag, id, number);
            }
        }
    }
    assert_eq!(m.unexpected(), model.unexpected.len());
    for source in 0..3 {
        let mut posted = m.posted_from(source);
        posted.sort_unstable();
        let of_source = |it: &&(u32, Option<usize>, Option<i32>, u32)| it.1 == Some(source);
        let mut expected: Vec<u32> = model.posted.iter().filter(of_source).map(|it| it.3).collect();
        expected.sort_unstable();
        assert_eq!(posted, expected, "seed {seed}");
    }
}

#[test]
fn agrees_with_the_plain_model_at_random() {
    let mix = Mix { steps: 300, tags: 3, turn: 1, posts: [50, 50] };
    (1..200).for_each(|seed| agrees_with_the_plain_model(seed, &mix));
}

#[test]
fn long_queues_agree_with_the_plain_model_at_random() {
    // More receives than messages, then more messages than receives: both kinds of queues get an index and lose it.
    let mix = Mix { steps: 6000, tags: 1000, turn: 1500, posts: [90, 10] };
    (1..20).for_each(|seed| agrees_with_the_plain_model(seed, &mix));
    let mix = Mix { tags: 5, ..mix };
    (20..40).for_each(|seed| agrees_with_the_plain_model(seed, &mix));
}

#[test]
fn the_queues_of_a_freed_context_go_with_the_last_entry() {
    let mut matcher = Matcher::new(2);
    let before = matcher.contexts();
    assert_eq!(matcher.post(8, Some(1), Some(5), 1), None);
    assert_eq!(matcher.post(8, None, None, 2), None);
    matcher.keep(10, 1, 3, 7, 0);
    assert_eq!(matcher.post(12, Some(0), None, 3), None);
    [8, 10, 12, 14].into_iter().for_each(|context| matcher.forget(context));
    assert_eq!(matcher.contexts(), before + 3, "something waits in three of them");
    assert_eq!(matcher.arrive(8, 1, 5), Some(1));
    assert_eq!(matcher.arrive(8, 1, 5), Some(2));
    matcher.remove(10, 1, 3, 7);
    assert!(matcher.withdraw(12, Some(0), None, 3));
    assert_eq!(matcher.contexts(), before);
}

#[test]
fn a_message_that_is_given_back_has_its_old_place() {
    let mut matcher = Matcher::new(3);
    let numbers: Vec<u64> = (0..4).map(|_| matcher.number()).collect();
    matcher.keep(0, 1, 5, 30, numbers[3]);
    matcher.keep(0, 1, 5, 10, numbers[1]);
    matcher.keep(0, 1, 5, 0, numbers[0]);
    matcher.keep(0, 2, 5, 20, numbers[2]);
    let order: Vec<_> = (0..4).map(|at| matcher.post(0, None, None, at)).collect();
    assert_eq!(order, [Some(0), Some(10), Some(20), Some(30)], "in order of arrival over all sources");
}
