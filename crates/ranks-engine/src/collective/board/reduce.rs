//! Reductions on a board.
//!
//! All ranks' elements lie on the board, so whoever wants a result reads them from there. What is long is cut into
//! pieces, and each piece into slices, one a rank, so that everyone reduces something (`in slices`). The order
//! is that of the ranks, from the highest down: `x0 op (x1 op x2)`, which an associative operation allows and
//! which needs no room beside the result.

#![allow(unsafe_code)]

use super::super::Part;
use super::round::{Outcome, Round};
use super::storage::{Storage, pieces};
use crate::bounds::BOARD_AHEAD;
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, Operator};
use ranks_shm::board::POST_DATA;

/// Reduces one row of each rank, from the last down, into `out`.
pub(super) fn fold<'r>(op: &mut Op<'_>, out: &mut [u8], rows: impl DoubleEndedIterator<Item = &'r [u8]>) {
    let mut rows = rows.rev();
    match (rows.next(), rows.next()) {
        (Some(last), Some(before)) => op.combine(before, last, out),
        (Some(only), None) => out.copy_from_slice(only),
        _ => {}
    }
    for row in rows {
        op.apply(row, out);
    }
}

/// Bytes of a receive buffer, as a slice.
pub(super) fn room<'b>(buf: RecvBuf, part: Part) -> &'b mut [u8] {
    // SAFETY: the caller's buffer is the collective's until it returns; the parts in use at one time do not
    // overlap, and nothing else refers to them.
    unsafe { buf.of_part(part).as_slice() }
}

/// This rank's own elements, piece by piece.
struct Mine {
    buf: SendBuf,
    /// In place the result is built where they are.
    in_place: bool,
    kept: Vec<u8>,
}

impl Mine {
    fn new(buf: SendBuf, recv: RecvBuf) -> Self {
        Self { buf, in_place: buf.address() == recv.address(), kept: Vec::new() }
    }

    fn piece(&mut self, part: Part) -> SendBuf {
        let piece = self.buf.of_part(part);
        if !self.in_place {
            return piece;
        }
        self.kept.clear();
        self.kept.extend_from_slice(piece.bytes());
        // SAFETY: it is looked at before it is changed, for the next piece.
        unsafe { SendBuf::of(&self.kept) }
    }
}

/// To the root: `recv` counts there alone.
pub async fn reduce<O: Operator>(
    round: Round,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    root: usize,
) -> Outcome<()> {
    let (element, len) = (op.op().element(), own.len());
    let how = round.way(len, element);
    let pieces = pieces(len, round.piece_bytes(how), element);
    if round.me != root {
        round.announce(how, len).await;
        for (k, part) in pieces {
            round.put(how, k, Some(root), own.of_part(part).bytes()).await;
        }
        return Ok(());
    }
    let mut mine = Mine::new(own, recv);
    for (k, part) in pieces {
        round.all_posted(k + 1, len, how).await?;
        fold_piece(&round, &mut op.op(), k, part, mine.piece(part), recv);
        if part.end() < len {
            round.done_with_piece(how, k);
        }
    }
    Ok(())
}

/// Reduces piece `k` of all ranks.
fn fold_piece(round: &Round, op: &mut Op<'_>, k: usize, part: Part, mine: SendBuf, recv: RecvBuf) {
    let row = |rank: usize| match rank {
        rank if rank == round.me => mine.bytes(),
        rank => round.row(rank, k, 0, part.len),
    };
    fold(op, room(recv, part), (0..round.size).map(row));
}

/// To all, everyone reducing everything.
pub async fn allreduce_each<O: Operator>(
    round: Round,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
) -> Outcome<()> {
    let (element, len) = (op.op().element(), own.len());
    let how = round.way(len, element);
    let most = round.piece_bytes(how);
    let ahead = if matches!(how, Storage::Ring(_)) { BOARD_AHEAD } else { 0 };
    let mut to_lay = pieces(len, most, element).peekable();
    let mut mine = Mine::new(own, recv);
    round.announce(how, len).await;
    for (k, part) in pieces(len, most, element) {
        while let Some((k, part)) = to_lay.next_if(|(next, _)| *next <= k + ahead) {
            round.put(how, k, None, own.of_part(part).bytes()).await;
        }
        round.all_posted(k + 1, len, how).await?;
        fold_piece(&round, &mut op.op(), k, part, mine.piece(part), recv);
        if part.end() < len {
            round.done_with_piece(how, k);
        }
    }
    Ok(())
}

/// One slice a rank of a piece of whole elements.
fn slice(size: usize, rank: usize, len: usize, element: usize) -> Part {
    let elements = len / element;
    let from = |rank: usize| elements * rank / size * element;
    Part { at: from(rank), len: from(rank + 1) - from(rank) }
}

/// To all (or, with a root, to it alone): each reduces its slice of a piece where it has posted it, then the slices
/// are collected. Two posts a piece.
pub async fn reduce_in_slices<O: Operator>(
    round: Round,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    root: Option<usize>,
) -> Outcome<()> {
    let element = op.op().element();
    let (len, size) = (own.len(), round.size);
    let mut reduced = Vec::new();
    round.announce(Storage::Half, len).await;
    for (k, part) in pieces(len, round.half_bytes(), element) {
        round.put_parts(k, [own.of_part(part)]).await;
        round.publish(2 * k + 1);
        round.all_posted(2 * k + 1, len, Storage::Half).await?;
        let mine = slice(size, round.me, part.len, element);
        // This rank's own elements are still where they came from: in place, too, nothing has come there yet.
        let place = Part { at: part.at + mine.at, len: mine.len };
        let own = own.of_part(place);
        let row = |rank: usize| match rank {
            rank if rank == round.me => own.bytes(),
            rank => round.row(rank, k, mine.at, mine.len),
        };
        // Not where it is read from: others' caches have that.
        reduced.resize(mine.len, 0);
        fold(&mut op.op(), &mut reduced, (0..size).map(row));
        round.write_half(k, mine.at, &reduced);
        round.publish(2 * k + 2);
        if root.is_none_or(|root| root == round.me) {
            for rank in std::iter::once(round.me).chain(round.others()) {
                let theirs = slice(size, rank, part.len, element);
                if rank == round.me {
                    recv.write(place.at, &reduced);
                } else {
                    round.posted_of(rank, 2 * k + 2, len).await?;
                    recv.write(part.at + theirs.at, round.row(rank, k, theirs.at, theirs.len));
                }
            }
        }
        if part.end() < len {
            round.done_with(k + 1);
        }
    }
    Ok(())
}

/// Each rank's block of the reduction. Pieces hold the same part of every block.
pub async fn reduce_scatter<O: Operator>(
    round: Round,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
) -> Outcome<()> {
    let element = op.op().element();
    let (size, me) = (round.size, round.me);
    let (whole, block) = (own.len(), own.len() / size);
    if whole <= POST_DATA {
        round.post_line(own.bytes()).await;
        round.all_posted(1, whole, Storage::Line).await?;
        let part = Part { at: me * block, len: block };
        let kept = own.of_part(part).bytes().to_vec();
        let row = |rank: usize| if rank == me { &kept[..] } else { round.row(rank, 0, part.at, block) };
        fold(&mut op.op(), room(recv, Part { at: 0, len: block }), (0..size).map(row));
        return Ok(());
    }
    round.announce(Storage::Half, whole).await;
    for (k, part) in pieces(block, round.half_bytes() / size, element) {
        let row = move |rank: usize| own.of_part(Part { at: rank * block + part.at, len: part.len });
        round.put_parts(k, (0..size).map(row)).await;
        round.publish(k + 1);
        round.all_posted(k + 1, whole, Storage::Half).await?;
        let rows = (0..size).map(|rank| round.row(rank, k, me * part.len, part.len));
        fold(&mut op.op(), room(recv, part), rows);
        if part.end() < block {
            round.done_with(k + 1);
        }
    }
    Ok(())
}

/// The reduction of the ranks up to this one (`inclusive`), or before it. Each passes its own on to the next.
pub async fn scan<O: Operator>(
    round: Round,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    inclusive: bool,
) -> Outcome<()> {
    let element = op.op().element();
    let (len, me) = (own.len(), round.me);
    let next = (me + 1 < round.size).then_some(me + 1);
    let how = round.way(len, element);
    let mut made = Vec::new();
    if next.is_some() {
        round.announce(how, len).await;
    }
    for (k, part) in pieces(len, round.piece_bytes(how), element) {
        let before = match me {
            0 => None,
            _ => {
                round.posted_like(me - 1, k + 1, len, how).await?;
                Some(round.row(me - 1, k, 0, part.len))
            }
        };
        let (own, result) = (own.of_part(part), recv.of_part(part));
        let pass_on = if inclusive {
            match before {
                None => result.write(0, own.bytes()),
                Some(before) if own.address() == result.address() => op.op().apply(before, room(recv, part)),
                Some(before) => op.op().combine(before, own.bytes(), room(recv, part)),
            }
            result.as_send()
        } else if let (Some(before), Some(_)) = (before, next) {
            // In place, this rank's elements are where its result belongs.
            made.resize(part.len, 0);
            op.op().combine(before, own.bytes(), &mut made);
            // SAFETY: it is looked at before it is changed, for the next piece.
            unsafe { SendBuf::of(&made) }
        } else {
            own
        };
        if next.is_some() {
            round.put(how, k, next, pass_on.bytes()).await;
        }
        if let (false, Some(before)) = (inclusive, before) {
            recv.write(part.at, before);
        }
        if part.end() < len {
            round.done_with_piece(how, k);
        }
    }
    Ok(())
}
