//! Reductions on a board.
//!
//! All ranks' elements lie on the board, so whoever wants a result reads them from there. What is long is cut into
//! pieces, and each piece into slices, one a rank, so that everyone reduces something (`in slices`). The order
//! is that of the ranks, from the highest down: `x0 op (x1 op x2)`, which an associative operation allows and
//! which needs no room beside the result.

#![allow(unsafe_code)]

use super::super::Part;
use super::desk::{Desk, How, Outcome};
use crate::memory::{RecvBuf, SendBuf};
use crate::op::{Op, StoredOp};
use ranks_shm::board::POST_DATA;

/// An operation, borrowed for a call or kept by what goes on after it.
pub(super) trait Operator {
    fn op(&mut self) -> Op<'_>;
}

impl Operator for &mut Op<'_> {
    #[inline]
    fn op(&mut self) -> Op<'_> {
        self.again()
    }
}

impl Operator for StoredOp {
    fn op(&mut self) -> Op<'_> {
        self.as_op()
    }
}

/// Lengths of the pieces of `len` bytes, none cut inside an element.
fn pieces(len: usize, most: usize, element: usize) -> impl Iterator<Item = (usize, Part)> {
    let each = (most / element).max(1) * element;
    (0..len).step_by(each).enumerate().map(move |(k, at)| (k, Part { at, len: each.min(len - at) }))
}

/// Reduces one row of each rank, from the last down, into `out`.
fn fold<'r>(op: &mut Op<'_>, out: &mut [u8], rows: impl DoubleEndedIterator<Item = &'r [u8]>) {
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
fn room<'b>(buf: RecvBuf, part: Part) -> &'b mut [u8] {
    // SAFETY: the caller's buffer is the collective's until it returns; the parts in use at one time do not
    // overlap, and nothing else refers to them.
    unsafe { buf.of_part(part).as_slice() }
}

/// To the root: `recv` counts there alone.
pub(super) async fn reduce<O: Operator>(
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    root: usize,
) -> Outcome<()> {
    let element = op.op().element();
    let len = own.len();
    let short = len <= POST_DATA;
    if desk.me != root {
        if short {
            desk.post_line(own.bytes()).await;
            return Ok(());
        }
        desk.announce(len, desk.whole_half()).await;
        for (k, part) in pieces(len, desk.one_way_piece(), element) {
            desk.lay(k, Some(root), [own.of_part(part)]).await;
            desk.publish(k + 1);
        }
        return Ok(());
    }
    let kept;
    let own = if own.address() == recv.address() {
        // In place: the result is built where this rank's elements are.
        kept = own.bytes().to_vec();
        &kept[..]
    } else {
        own.bytes()
    };
    for (k, part) in pieces(len, desk.one_way_piece(), element) {
        for peer in desk.others() {
            desk.posted_of(peer, k + 1, len).await?;
        }
        let row = |rank: usize| match rank {
            rank if rank == root => &own[part.at..part.at + part.len],
            rank if short => desk.whole(rank, How::Line, 0, len),
            rank => desk.piece(rank, k, 0, part.len),
        };
        fold(&mut op.op(), room(recv, part), (0..desk.size).map(row));
        if part.end() < len {
            desk.done_with(k + 1);
        }
    }
    Ok(())
}

/// To all, everyone reducing everything.
pub(super) async fn allreduce_each<O: Operator>(
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
) -> Outcome<()> {
    let element = op.op().element();
    let len = own.len();
    let short = len <= POST_DATA;
    if short {
        desk.post_line(own.bytes()).await;
    } else {
        desk.announce(len, desk.whole_half()).await;
    }
    for (k, part) in pieces(len, desk.half_bytes(), element) {
        if !short {
            desk.lay(k, None, [own.of_part(part)]).await;
            desk.publish(k + 1);
        }
        for peer in desk.others() {
            desk.posted_of(peer, k + 1, len).await?;
        }
        let how = if short { How::Line } else { How::Pieces(0) };
        let row = |rank: usize| match how {
            How::Line => desk.whole(rank, How::Line, 0, len),
            _ => desk.piece(rank, k, 0, part.len),
        };
        fold(&mut op.op(), room(recv, part), (0..desk.size).map(row));
        if part.end() < len {
            desk.done_with(k + 1);
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
pub(super) async fn reduce_in_slices<O: Operator>(
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    root: Option<usize>,
) -> Outcome<()> {
    let element = op.op().element();
    let (len, size) = (own.len(), desk.size);
    let mut reduced = Vec::new();
    desk.announce(len, desk.whole_half()).await;
    for (k, part) in pieces(len, desk.half_bytes(), element) {
        desk.lay(k, None, [own.of_part(part)]).await;
        desk.publish(2 * k + 1);
        for peer in desk.others() {
            desk.posted_of(peer, 2 * k + 1, len).await?;
        }
        let mine = slice(size, desk.me, part.len, element);
        // This rank's own elements are still where they came from: in place, too, nothing has come there yet.
        let place = Part { at: part.at + mine.at, len: mine.len };
        let own = own.of_part(place);
        let row = |rank: usize| match rank {
            rank if rank == desk.me => own.bytes(),
            rank => desk.piece(rank, k, mine.at, mine.len),
        };
        // Not where it is read from: others' caches have that.
        reduced.resize(mine.len, 0);
        fold(&mut op.op(), &mut reduced, (0..size).map(row));
        desk.lay_reduced(k, mine.at, &reduced);
        desk.publish(2 * k + 2);
        if root.is_none_or(|root| root == desk.me) {
            for rank in std::iter::once(desk.me).chain(desk.others()) {
                let theirs = slice(size, rank, part.len, element);
                if rank == desk.me {
                    recv.write(place.at, &reduced);
                } else {
                    desk.posted_of(rank, 2 * k + 2, len).await?;
                    recv.write(part.at + theirs.at, desk.piece(rank, k, theirs.at, theirs.len));
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
pub(super) async fn reduce_scatter<O: Operator>(
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
) -> Outcome<()> {
    let element = op.op().element();
    let (size, me) = (desk.size, desk.me);
    let (whole, block) = (own.len(), own.len() / size);
    desk.announce(whole, desk.whole_half()).await;
    for (k, part) in pieces(block, desk.half_bytes() / size, element) {
        let row = move |rank: usize| own.of_part(Part { at: rank * block + part.at, len: part.len });
        desk.lay(k, None, (0..size).map(row)).await;
        desk.publish(k + 1);
        for peer in desk.others() {
            desk.posted_of(peer, k + 1, whole).await?;
        }
        let rows = (0..size).map(|rank| desk.piece(rank, k, me * part.len, part.len));
        fold(&mut op.op(), room(recv, part), rows);
        if part.end() < block {
            desk.done_with(k + 1);
        }
    }
    Ok(())
}

/// The reduction of the ranks up to this one (`inclusive`), or before it. Each passes its own on to the next.
pub(super) async fn scan<O: Operator>(
    desk: Desk,
    own: SendBuf,
    recv: RecvBuf,
    mut op: O,
    inclusive: bool,
) -> Outcome<()> {
    let element = op.op().element();
    let (len, me) = (own.len(), desk.me);
    let next = (me + 1 < desk.size).then_some(me + 1);
    let short = len <= POST_DATA;
    if !short {
        desk.announce(len, desk.whole_half()).await;
    }
    for (k, part) in pieces(len, desk.one_way_piece(), element) {
        let before = if me > 0 {
            let how = desk.posted_of(me - 1, k + 1, len).await?;
            Some(if how == How::Line {
                desk.whole(me - 1, how, 0, len)
            } else {
                desk.piece(me - 1, k, 0, part.len)
            })
        } else {
            None
        };
        let own = own.of_part(part);
        // What goes on first: in place, this rank's elements are where its result belongs.
        if let Some(next) = next {
            if short {
                let mut line = [0; POST_DATA];
                match before {
                    Some(before) => op.op().combine(before, own.bytes(), &mut line[..len]),
                    None => line[..len].copy_from_slice(own.bytes()),
                }
                desk.post_line(&line[..len]).await;
            } else {
                desk.piece_room(k, Some(next)).await;
                // SAFETY: not published yet, and this rank holds no other reference to it.
                let out = unsafe { desk.own_piece(k, 0, part.len) };
                match before {
                    Some(before) => op.op().combine(before, own.bytes(), out),
                    None => out.copy_from_slice(own.bytes()),
                }
                desk.publish(k + 1);
            }
        }
        match (inclusive, before) {
            (true, Some(before)) => {
                recv.write(part.at, own.bytes());
                op.op().apply(before, room(recv, part));
            }
            (true, None) => recv.write(part.at, own.bytes()),
            (false, Some(before)) => recv.write(part.at, before),
            (false, None) => {}
        }
        if part.end() < len {
            desk.done_with(k + 1);
        }
    }
    Ok(())
}
