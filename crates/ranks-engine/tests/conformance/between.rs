//! Collectives between the two groups of an intercommunicator: the even and the odd ranks.

use crate::Case;
use crate::collectives::{out, room};
use crate::plans::{sum, words};
use crate::support::*;
use ranks_engine::collective::{
    Allgather, Allreduce, Alltoall, Barrier, Bcast, ExchangeParts, Gather, Reduce, ReduceScatter, Scan,
    Scatter,
};
use ranks_engine::op::{Element, Op, Operation};
use ranks_engine::transport::Transport;
use ranks_engine::{Class, CommId, Engine, Form, PROC_NULL, ROOT, RecvBuf, Result, SendBuf};

pub fn cases<T: Transport>() -> Vec<Case<T>> {
    vec![("collectives between two groups", between), ("wrong collectives between two groups", wrong)]
}

/// The intercommunicator, and the ranks on either side by their numbers in world.
struct Sides {
    half: CommId,
    inter: CommId,
    here: Vec<i32>,
    there: Vec<i32>,
}

fn sides<T: Transport>(e: &mut Engine<T>) -> Result<Option<Sides>> {
    let (me, n, ..) = ring(e);
    if n < 2 {
        return Ok(None);
    }
    let half = e.comm_split(WORLD, me % 2, me)?.expect("a half");
    let inter = e.intercomm_create(half, 0, WORLD, 1 - me % 2, 12)?;
    let of = |side: i32| (0..n).filter(|rank| rank % 2 == side).collect();
    Ok(Some(Sides { half, inter, here: of(me % 2), there: of(1 - me % 2) }))
}

fn between<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let Some(Sides { half, inter, here, there }) = sides(e)? else { return Ok(()) };
    for form in FORMS {
        in_form(e, form, inter, Barrier)?;
        for len in [0usize, 4, 40_000] {
            // The last rank of one side is the root, then that of the other.
            for side in [0, 1] {
                rooted(e, form, (inter, side, len), &here, &there)?;
            }
            unrooted(e, form, (inter, len), &here, &there)?;
        }
    }
    e.run(inter, Barrier)?;
    e.comm_free(inter)?;
    e.comm_free(half)
}

fn rooted<T: Transport>(
    e: &mut Engine<T>,
    form: Option<Form>,
    (inter, side, len): (CommId, i32, usize),
    here: &[i32],
    there: &[i32],
) -> Result<()> {
    let me = e.rank() as i32;
    let with_root = me % 2 == side;
    let is_root = with_root && here.last() == Some(&me);
    let root = match (with_root, is_root) {
        (_, true) => ROOT,
        (true, _) => PROC_NULL,
        _ => there.len() as i32 - 1,
    };
    let root_in_world = *if with_root { here } else { there }.last().expect("nobody is alone");
    let told = pattern(len, root_in_world, 70);
    let mut got = if is_root { told.clone() } else { vec![0; len] };
    let buf = room(&mut got);
    in_form(e, form, inter, Bcast { buf, root })?;
    assert!(got == told || with_root && !is_root, "{len} bytes told, {form:?}");

    let all: Vec<u8> = there.iter().flat_map(|&rank| pattern(len, rank, 71)).collect();
    let mine = pattern(len, me, 71);
    let mut got = if is_root { vec![0; all.len()] } else { Vec::new() };
    let (send, recv) = ((!with_root).then(|| out(&mine)), room(&mut got));
    in_form(e, form, inter, Gather { send, recv, parts: None, root })?;
    assert!(!is_root || got == all, "{len} bytes gathered, {form:?}");

    let mut got = vec![0; len];
    let send = if is_root { out(&all) } else { SendBuf::EMPTY };
    let recv = (!with_root).then(|| room(&mut got));
    in_form(e, form, inter, Scatter { send, parts: None, recv, root })?;
    assert!(with_root || got == pattern(len, me, 71), "{len} bytes dealt, {form:?}");

    let (own, mut got) = (words(&vec![me; len / 4]), vec![0; len]);
    let send = (!with_root).then(|| out(&own));
    let recv = if is_root { room(&mut got) } else { RecvBuf::EMPTY };
    in_form(e, form, inter, Reduce { send, recv, op: sum(), root })?;
    assert!(!is_root || got == words(&vec![there.iter().sum(); len / 4]), "{len} bytes, {form:?}");
    Ok(())
}

fn unrooted<T: Transport>(
    e: &mut Engine<T>,
    form: Option<Form>,
    (inter, len): (CommId, usize),
    here: &[i32],
    there: &[i32],
) -> Result<()> {
    let me = e.rank() as i32;
    let mine = pattern(len, me, 72);
    let mut got = vec![0; len * there.len()];
    let (send, recv) = (Some(out(&mine)), room(&mut got));
    in_form(e, form, inter, Allgather { send, recv, parts: None })?;
    assert!(got == there.iter().flat_map(|&rank| pattern(len, rank, 72)).collect::<Vec<u8>>());

    let letter = |from: i32, to: i32| pattern(len, from, 100 + to);
    let mine: Vec<u8> = there.iter().flat_map(|&to| letter(me, to)).collect();
    let mut got = vec![0; mine.len()];
    let (send, recv) = (Some(out(&mine)), room(&mut got));
    in_form(e, form, inter, Alltoall { send, recv, parts: ExchangeParts::Equal })?;
    assert!(got == there.iter().flat_map(|&from| letter(from, me)).collect::<Vec<u8>>());

    let (own, mut got) = (words(&vec![me; len / 4]), vec![0; len]);
    let (send, recv) = (Some(out(&own)), room(&mut got));
    in_form(e, form, inter, Allreduce { send, recv, op: sum() })?;
    assert!(got == words(&vec![there.iter().sum(); len / 4]), "{len} bytes, {form:?}");

    // Both sides have as many elements in all, however many ranks they are.
    let whole = here.len() * there.len();
    let place = here.iter().position(|&rank| rank == me).expect("it is there") * there.len();
    let own: Vec<i32> = (0..whole as i32).map(|at| 100 * me + at).collect();
    let (own, mut got) = (words(&own), vec![0; 4 * there.len()]);
    let (send, recv) = (Some(out(&own)), room(&mut got));
    in_form(e, form, inter, ReduceScatter { send, recv, lengths: None, op: sum() })?;
    let reduced = |at: usize| there.iter().map(|rank| 100 * rank + at as i32).sum();
    assert!(got == words(&(place..place + there.len()).map(reduced).collect::<Vec<i32>>()), "{form:?}");
    Ok(())
}

fn wrong<T: Transport>(e: &mut Engine<T>) -> Result<()> {
    let Some(Sides { half, inter, there, .. }) = sides(e)? else { return Ok(()) };
    let (data, mut got) = ([0; 4], [0; 4]);
    let mut op = Op::built_in(Operation::Sum, Element::I32).expect("it is one");
    let error = e
        .run(inter, Scan { send: Some(out(&data)), recv: room(&mut got), op: &mut op, inclusive: true })
        .unwrap_err();
    assert_eq!(error.class(), Class::Comm, "{error}");
    let error = e.run(inter, Allreduce { send: None, recv: room(&mut got), op: &mut op }).unwrap_err();
    assert_eq!(error.class(), Class::Buffer, "{error}");
    let error = e.run(inter, Bcast { buf: room(&mut got), root: there.len() as i32 }).unwrap_err();
    assert_eq!(error.class(), Class::Root, "{error}");
    e.comm_free(inter)?;
    e.comm_free(half)
}
