//! Intercommunicators: made in every way, used, duplicated, split, merged.

use crate::Case;
use crate::comms::{recv_on, send_on};
use crate::support::*;
use ranks_engine::collective::Barrier;
use ranks_engine::transport::Transport;
use ranks_engine::{ANY_SOURCE, Class, CommId, Comparison, Engine, Result, UNDEFINED};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![
        ("intercommunicators connect two groups", connected),
        ("intercommunicators from groups alone", from_groups),
        ("intercommunicators are duplicated and compared", duplicates),
        ("intercommunicators are split and cut down", parts),
        ("intercommunicators are merged, low before high", merged),
        ("wrong intercommunicators are errors at all ranks", wrong),
    ]
}

/// Even and odd ranks, connected; nothing with one rank.
struct Halves {
    half: CommId,
    inter: CommId,
}

fn halves<T: Transport>(e: &mut Engine<T>) -> Result<Option<Halves>> {
    let (me, n, ..) = ring(e);
    if n < 2 {
        return Ok(None);
    }
    let half = e.comm_split(WORLD, me % 2, me)?.expect("a half");
    // The leader is the last of its half, to be sure that it need not be the first.
    let leader = e.comm_size(half)? - 1;
    let last = |odd: i32| if (n - 1) % 2 == odd { n - 1 } else { n - 2 };
    let inter = e.intercomm_create(half, leader, WORLD, last(1 - me % 2), 12)?;
    Ok(Some(Halves { half, inter }))
}

fn free<T: Transport>(e: &mut Engine<T>, halves: Halves) -> Result<()> {
    e.comm_free(halves.inter)?;
    e.comm_free(halves.half)
}

/// Everyone sends to everyone on the other side and hears from all there.
fn talk<T: Transport>(e: &mut Engine<T>, inter: CommId) -> Result<()> {
    let remote = e.comm_remote_group(inter)?;
    let me = e.rank() as u8;
    for rank in 0..remote.size() {
        send_on(e, &[me], rank, inter)?;
    }
    let there: Vec<i32> = remote.world_ranks().collect();
    for (rank, &world) in there.iter().enumerate().skip(1) {
        assert_eq!(i32::from(recv_on(e, rank as i32, inter)?), world);
    }
    assert_eq!(i32::from(recv_on(e, ANY_SOURCE, inter)?), there[0]);
    Ok(())
}

fn connected<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    assert!(!e.comm_is_inter(WORLD)? && e.comm_remote_group(WORLD).is_err());
    let Some(halves) = halves(e)? else { return Ok(()) };
    let inter = halves.inter;
    assert!(e.comm_is_inter(inter)?);
    assert_eq!((e.comm_rank(inter)?, e.comm_size(inter)?), (me / 2, e.comm_size(halves.half)?));
    assert_eq!(e.comm_group(inter)?, e.comm_group(halves.half)?);
    let remote = e.comm_remote_group(inter)?;
    assert_eq!(
        remote.world_ranks().collect::<Vec<_>>(),
        (0..n).filter(|r| r % 2 != me % 2).collect::<Vec<_>>()
    );
    let error = send_on(e, &[1], remote.size(), inter).unwrap_err();
    assert_eq!(error.class(), Class::Rank);
    assert!(error.detail().contains("remote group"), "{error}");
    talk(e, inter)?;
    free(e, halves)
}

fn from_groups<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    if n < 2 {
        return Ok(());
    }
    let world = e.world_group();
    // The first rank on one side, all others on the other, in reverse.
    let (one, rest) = (world.incl(&[0])?, world.range_incl(&[[n - 1, 1, -1]])?);
    let inter = if me == 0 {
        e.intercomm_create_from_groups(&one, 0, &rest, rest.size() - 1, "one and rest")?
    } else {
        e.intercomm_create_from_groups(&rest, rest.size() - 1, &one, 0, "one and rest")?
    };
    assert_eq!(e.comm_remote_group(inter)?, if me == 0 { rest } else { one });
    talk(e, inter)?;
    e.comm_disconnect(inter)
}

fn duplicates<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let Some(halves) = halves(e)? else { return Ok(()) };
    let copy = e.comm_dup(halves.inter)?;
    assert_eq!(e.comm_compare(copy, halves.inter)?, Comparison::Congruent);
    assert_eq!(e.comm_compare(copy, copy)?, Comparison::Ident);
    assert_eq!(e.comm_compare(copy, halves.half)?, Comparison::Unequal);
    let making = e.comm_idup(copy)?;
    talk(e, copy)?;
    e.wait(making.request)?;
    talk(e, making.comm())?;
    e.comm_free(making.comm())?;
    e.comm_free(copy)?;
    free(e, halves)
}

fn parts<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let Some(halves) = halves(e)? else { return Ok(()) };
    // Pairs of neighbours; of an odd number the last rank has nobody on the other side.
    let pair = e.comm_split(halves.inter, me / 2, 0)?;
    assert_eq!(pair.is_none(), me == n - 1 && n % 2 == 1);
    if let Some(pair) = pair {
        assert_eq!(e.comm_remote_group(pair)?.world_ranks().collect::<Vec<_>>(), [me ^ 1]);
        talk(e, pair)?;
        e.comm_free(pair)?;
    }
    // All of one side in reverse, by the key.
    let turned = e.comm_split(halves.inter, 5, -me)?.expect("a colour that both sides have");
    assert_eq!(
        e.comm_compare(turned, halves.inter)?,
        if n > 2 { Comparison::Similar } else { Comparison::Congruent }
    );
    talk(e, turned)?;
    e.comm_free(turned)?;
    assert_eq!(e.comm_split(halves.inter, if me % 2 == 0 { 1 } else { UNDEFINED }, 0)?, None);

    // The first of each side.
    let first = e.comm_group(halves.inter)?.incl(&[0])?;
    let made = e.comm_create(halves.inter, &first)?;
    assert_eq!(made.is_some(), me < 2);
    if let Some(made) = made {
        talk(e, made)?;
        e.comm_free(made)?;
    }
    // Nothing on one side is nothing on both.
    let group = if me % 2 == 0 { first } else { ranks_engine::Group::empty(me as usize) };
    assert_eq!(e.comm_create(halves.inter, &group)?, None);
    free(e, halves)
}

fn merged<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    let Some(halves) = halves(e)? else { return Ok(()) };
    let side = |odd: i32| (0..n).filter(move |rank| rank % 2 == odd);
    for high in [0, 1] {
        let all = e.intercomm_merge(halves.inter, me % 2 == high)?;
        let expected: Vec<i32> = side(1 - high).chain(side(high)).collect();
        assert_eq!(e.comm_group(all)?.world_ranks().collect::<Vec<_>>(), expected);
        assert_eq!(expected[e.comm_rank(all)? as usize], me);
        e.run(all, Barrier)?;
        e.comm_free(all)?;
    }
    for high in [false, true] {
        let all = e.intercomm_merge(halves.inter, high)?;
        assert_eq!(e.comm_size(all)?, n);
        e.run(all, Barrier)?;
        e.comm_free(all)?;
    }
    free(e, halves)
}

fn wrong<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let (me, n, ..) = ring(e);
    assert_eq!(e.intercomm_merge(WORLD, false).unwrap_err().class(), Class::Comm);
    assert_eq!(e.intercomm_create(WORLD, n, WORLD, 0, 1).unwrap_err().class(), Class::Rank);
    // The leader alone knows that its arguments are wrong; the others hear of it.
    let error = e.intercomm_create(WORLD, 0, WORLD, n, 1).unwrap_err();
    assert_eq!(error.class(), Class::Rank, "{error}");
    let error = e.intercomm_create(WORLD, 0, WORLD, 0, 1).unwrap_err();
    assert_eq!(error.class(), Class::Rank, "{error}");
    assert!(error.detail().contains("the same rank"), "{error}");
    let Some(halves) = halves(e)? else { return Ok(()) };
    if n > 2 {
        let error = e.intercomm_merge(halves.inter, me == 0).unwrap_err();
        assert_eq!(error.class(), Class::Arg, "rank 0's side does not agree: {error}");
        // Rank 2 is on both sides.
        for leader in [0, 1] {
            let group = e.world_group().incl(&[leader, 2])?;
            if let Some(local) = e.comm_create_group(WORLD, &group, 0)? {
                let error = e.intercomm_create(local, 0, WORLD, 1 - leader, 3);
                assert_eq!(error.unwrap_err().class(), Class::Comm);
                e.comm_free(local)?;
            }
        }
    }
    free(e, halves)
}
