//! Reductions on a board.
//!
//! All ranks' elements lie on the board, so whoever wants a result reads them from there. What is long is cut into
//! pieces, and each piece into slices, one a rank, so that everyone reduces something (`in slices`). The order
//! is that of the ranks, from the highest down: `x0 op (x1 op x2)`, which an associative operation allows and
//! which needs no room beside the result.

#![allow(unsafe_code)]

use super::super::Part;
use super::desk::{Desk, Outcome};
use super::lay::{How, pieces};
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
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    root: usize,
) -> Outcome<()> {
    let (element, len) = (op.op().element(), own.len());
    let how = desk.way(len, element);
    let pieces = pieces(len, desk.piece_bytes(how), element);
    if desk.me != root {
        desk.announce(how, len).await;
        for (k, part) in pieces {
            desk.put(how, k, Some(root), own.of_part(part).bytes()).await;
        }
        return Ok(());
    }
    let mut mine = Mine::new(own, recv);
    for (k, part) in pieces {
        desk.all_posted(k + 1, len, how).await?;
        fold_piece(&desk, &mut op.op(), k, part, mine.piece(part), recv);
        if part.end() < len {
            desk.done_with_piece(how, k);
        }
    }
    Ok(())
}

/// Reduces piece `k` of all ranks.
fn fold_piece(desk: &Desk, op: &mut Op<'_>, k: usize, part: Part, mine: SendBuf, recv: RecvBuf) {
    let row = |rank: usize| match rank {
        rank if rank == desk.me => mine.bytes(),
        rank => desk.row(rank, k, 0, part.len),
    };
    fold(op, room(recv, part), (0..desk.size).map(row));
}

/// To all, everyone reducing everything.
pub async fn allreduce_each<O: Operator>(desk: Desk, own: SendBuf, recv: RecvBuf, mut op: O) -> Outcome<()> {
    let (element, len) = (op.op().element(), own.len());
    let how = desk.way(len, element);
    let most = desk.piece_bytes(how);
    let ahead = if matches!(how, How::Ring(_)) { BOARD_AHEAD } else { 0 };
    let mut to_lay = pieces(len, most, element).peekable();
    let mut mine = Mine::new(own, recv);
    desk.announce(how, len).await;
    for (k, part) in pieces(len, most, element) {
        while let Some((k, part)) = to_lay.next_if(|(next, _)| *next <= k + ahead) {
            desk.put(how, k, None, own.of_part(part).bytes()).await;
        }
        desk.all_posted(k + 1, len, how).await?;
        fold_piece(&desk, &mut op.op(), k, part, mine.piece(part), recv);
        if part.end() < len {
            desk.done_with_piece(how, k);
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
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    root: Option<usize>,
) -> Outcome<()> {
    let element = op.op().element();
    let (len, size) = (own.len(), desk.size);
    let mut reduced = Vec::new();
    desk.announce(How::Half, len).await;
    for (k, part) in pieces(len, desk.half_bytes(), element) {
        desk.put_parts(k, [own.of_part(part)]).await;
        desk.publish(2 * k + 1);
        desk.all_posted(2 * k + 1, len, How::Half).await?;
        let mine = slice(size, desk.me, part.len, element);
        // This rank's own elements are still where they came from: in place, too, nothing has come there yet.
        let place = Part { at: part.at + mine.at, len: mine.len };
        let own = own.of_part(place);
        let row = |rank: usize| match rank {
            rank if rank == desk.me => own.bytes(),
            rank => desk.row(rank, k, mine.at, mine.len),
        };
        // Not where it is read from: others' caches have that.
        reduced.resize(mine.len, 0);
        fold(&mut op.op(), &mut reduced, (0..size).map(row));
        desk.write_half(k, mine.at, &reduced);
        desk.publish(2 * k + 2);
        if root.is_none_or(|root| root == desk.me) {
            for rank in std::iter::once(desk.me).chain(desk.others()) {
                let theirs = slice(size, rank, part.len, element);
                if rank == desk.me {
                    recv.write(place.at, &reduced);
                } else {
                    desk.posted_of(rank, 2 * k + 2, len).await?;
                    recv.write(part.at + theirs.at, desk.row(rank, k, theirs.at, theirs.len));
                }
            }
        }
        if part.end() < len {
            desk.done_with(k + 1);
        }
    }
    Ok(())
}

/// Each rank's block of the reduction. Pieces hold the same part of every block.
pub async fn reduce_scatter<O: Operator>(desk: Desk, own: SendBuf, recv: RecvBuf, mut op: O) -> Outcome<()> {
    let element = op.op().element();
    let (size, me) = (desk.size, desk.me);
    let (whole, block) = (own.len(), own.len() / size);
    if whole <= POST_DATA {
        desk.post_line(own.bytes()).await;
        desk.all_posted(1, whole, How::Line).await?;
        let part = Part { at: me * block, len: block };
        let kept = own.of_part(part).bytes().to_vec();
        let row = |rank: usize| if rank == me { &kept[..] } else { desk.row(rank, 0, part.at, block) };
        fold(&mut op.op(), room(recv, Part { at: 0, len: block }), (0..size).map(row));
        return Ok(());
    }
    desk.announce(How::Half, whole).await;
    for (k, part) in pieces(block, desk.half_bytes() / size, element) {
        let row = move |rank: usize| own.of_part(Part { at: rank * block + part.at, len: part.len });
        desk.put_parts(k, (0..size).map(row)).await;
        desk.publish(k + 1);
        desk.all_posted(k + 1, whole, How::Half).await?;
        let rows = (0..size).map(|rank| desk.row(rank, k, me * part.len, part.len));
        fold(&mut op.op(), room(recv, part), rows);
        if part.end() < block {
            desk.done_with(k + 1);
        }
    }
    Ok(())
}

/// The reduction of the ranks up to this one (`inclusive`), or before it. Each passes its own on to the next.
pub async fn scan<O: Operator>(
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    inclusive: bool,
) -> Outcome<()> {
    let element = op.op().element();
    let (len, me) = (own.len(), desk.me);
    let next = (me + 1 < desk.size).then_some(me + 1);
    let how = desk.way(len, element);
    let mut made = Vec::new();
    if next.is_some() {
        desk.announce(how, len).await;
    }
    for (k, part) in pieces(len, desk.piece_bytes(how), element) {
        let before = match me {
            0 => None,
            _ => {
                desk.posted_like(me - 1, k + 1, len, how).await?;
                Some(desk.row(me - 1, k, 0, part.len))
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
            desk.put(how, k, next, pass_on.bytes()).await;
        }
        if let (false, Some(before)) = (inclusive, before) {
            recv.write(part.at, before);
        }
        if part.end() < len {
            desk.done_with_piece(how, k);
        }
    }
    Ok(())
}
