//! The choice among ways, with costs that are known.

use super::*;

const ALL: [bool; 3] = [true; 3];

/// Sends so many messages, each of which costs what its way costs; the messages that took each way.
fn send(choice: &mut Choice, messages: u32, costs: [f32; 3]) -> [u32; 3] {
    let mut taken = [0; 3];
    for _ in 0..messages {
        let (way, _) = choice.choose(ALL, (0, 1));
        taken[way as usize] += 1;
        choice.note(way, costs[way as usize]);
    }
    taken
}

#[test]
fn the_quickest_way_is_found_and_others_are_tried_seldom() {
    for quickest in 0..3 {
        let mut costs = [2.0; 3];
        costs[quickest] = 1.0;
        let mut choice = Choice::NEW;
        send(&mut choice, 10, costs);
        assert_eq!(choice.usual(), WAYS[quickest]);
        let taken = send(&mut choice, 10_000, costs);
        let others = 10_000 - taken[quickest];
        assert!((20..200).contains(&others), "{others} trials of ways that are twice as slow");
    }
}

#[test]
fn a_way_that_becomes_quicker_is_found() {
    let mut choice = Choice::NEW;
    send(&mut choice, 1_000, [1.0, 2.0, 1.2]);
    assert_eq!(choice.usual(), Way::Alone);
    send(&mut choice, 1_000, [1.0, 2.0, 0.7]);
    assert_eq!(choice.usual(), Way::Ring);
}

#[test]
fn the_usual_way_is_left_soon_when_it_becomes_slow() {
    let mut choice = Choice::NEW;
    send(&mut choice, 1_000, [1.0, 2.0, 1.2]);
    send(&mut choice, 40, [4.0, 2.0, 1.2]);
    assert_eq!(choice.usual(), Way::Ring);
}

#[test]
fn a_small_advantage_changes_nothing() {
    let mut choice = Choice::NEW;
    send(&mut choice, 100, [1.0, 2.0, 1.1]);
    send(&mut choice, 10_000, [1.0, 2.0, 0.9]);
    assert_eq!(choice.usual(), Way::Alone);
}

#[test]
fn one_quick_measurement_is_chance() {
    let mut choice = Choice::NEW;
    send(&mut choice, 100, [1.0, 2.0, 1.1]);
    choice.note(Way::Ring, 0.1);
    choice.note(Way::Ring, 0.1);
    assert_eq!(choice.usual(), Way::Alone);
    send(&mut choice, 100, [1.0, 2.0, 1.1]);
    assert_eq!(choice.usual(), Way::Alone);
}

#[test]
fn ways_that_are_not_possible_are_not_chosen() {
    let mut choice = Choice::NEW;
    send(&mut choice, 100, [2.0, 1.5, 1.0]);
    assert_eq!(choice.usual(), Way::Ring);
    for _ in 0..1_000 {
        assert_eq!(choice.choose([true, false, false], (0, 1)).0, Way::Alone);
        assert_ne!(choice.choose([true, true, false], (0, 1)).0, Way::Ring);
    }
}

#[test]
fn other_cpus_are_measured_soon() {
    let mut choice = Choice::NEW;
    send(&mut choice, 1_000, [1.0, 3.0, 3.0]);
    let others = (0..10).filter(|_| choice.choose(ALL, (1, 1)).0 != Way::Alone).count();
    assert_eq!(others, 2);
}

#[test]
fn octaves_end_at_powers_of_two() {
    let octaves = [1, 1 << 14, (1 << 14) + 1, 1 << 15, 1 << 16, 1 << 24, 1 << 40].map(Ways::octave);
    assert_eq!(octaves, [0, 0, 1, 1, 2, 10, 10]);
}

#[test]
fn messages_go_early_as_far_as_the_ring_is_usual() {
    let mut ways = Ways::new(2);
    assert_eq!(ways.longest_by_ring(1, 16 << 10, 64 << 10), 0);
    send(ways.choice(1, 2), 20, [2.0, 2.0, 1.0]);
    assert_eq!(ways.longest_by_ring(1, 16 << 10, 64 << 10), 0, "shorter ones do not");
    send(ways.choice(1, 1), 20, [2.0, 2.0, 1.0]);
    send(ways.choice(1, 3), 20, [2.0, 2.0, 1.0]);
    assert_eq!(ways.longest_by_ring(1, 16 << 10, 64 << 10), 64 << 10);
}
