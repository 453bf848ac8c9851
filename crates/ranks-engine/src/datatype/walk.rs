//! Going through a piece of a shape: bytes `from..to` of the message, wherever they lie in memory.
//!
//! A position in a message is its offset, so packing can stop and go on anywhere; finding the place again
//! costs a division a level.

use super::shape::Shape;

/// What is done with the blocks, in the order of the message.
pub(super) trait Mover {
    /// A block.
    fn block(&mut self, at: i64, len: usize);
    /// `count` blocks, `stride` apart.
    fn strided(&mut self, at: i64, stride: i64, count: usize, len: usize);
    /// Blocks of one length.
    fn scattered(&mut self, base: i64, places: &[i64], len: usize);
}

/// Bytes `from..to` of `count` times the body of `part` bytes.
#[allow(clippy::too_many_arguments)]
pub(super) fn repeat<M: Mover>(
    body: &Shape,
    part: i64,
    mut at: i64,
    stride: i64,
    from: i64,
    to: i64,
    mover: &mut M,
) {
    let mut left = to - from;
    if left <= 0 {
        return;
    }
    if from > 0 {
        let (skipped, inside) = (from / part, from % part);
        at = at.wrapping_add(skipped.wrapping_mul(stride));
        if inside > 0 {
            let here = left.min(part - inside);
            walk(body, at, inside, inside + here, mover);
            left -= here;
            at = at.wrapping_add(stride);
        }
    }
    let whole = left / part;
    if let Shape::Block { at: first, len } = body {
        if whole > 0 {
            mover.strided(at.wrapping_add(*first), stride, whole as usize, *len as usize);
            at = at.wrapping_add(whole.wrapping_mul(stride));
        }
    } else {
        for _ in 0..whole {
            walk(body, at, 0, part, mover);
            at = at.wrapping_add(stride);
        }
    }
    left -= whole * part;
    if left > 0 {
        walk(body, at, 0, left, mover);
    }
}

/// Bytes `from..to` of the shape moved by `base`. `to` is not beyond its size.
pub(super) fn walk<M: Mover>(shape: &Shape, base: i64, from: i64, to: i64, mover: &mut M) {
    if from >= to {
        return;
    }
    match shape {
        Shape::Block { at, .. } => {
            mover.block(base.wrapping_add(*at).wrapping_add(from), (to - from) as usize);
        }
        Shape::Loop { at, stride, part, body, .. } => {
            repeat(body, *part, base.wrapping_add(*at), *stride, from, to, mover);
        }
        Shape::Blocks { len, at } => {
            let mut from = from;
            let inside = from % len;
            if inside > 0 {
                let here = (to - from).min(len - inside);
                let place = base.wrapping_add(at[(from / len) as usize]);
                mover.block(place.wrapping_add(inside), here as usize);
                from += here;
            }
            let (first, last) = ((from / len) as usize, (to / len) as usize);
            if first < last {
                mover.scattered(base, &at[first..last], *len as usize);
                from = last as i64 * len;
            }
            if from < to {
                mover.block(base.wrapping_add(at[last]), (to - from) as usize);
            }
        }
        Shape::Segments(all) => {
            let first = all.partition_point(|segment| segment.start + segment.len <= from);
            for segment in all[first..].iter().take_while(|segment| segment.start < to) {
                let begin = from.max(segment.start);
                let end = to.min(segment.start + segment.len);
                let place = base.wrapping_add(segment.at).wrapping_add(begin - segment.start);
                mover.block(place, (end - begin) as usize);
            }
        }
        Shape::List(all) => {
            let first = all.partition_point(|entry| entry.start <= from) - 1;
            for (n, entry) in all.iter().enumerate().skip(first).take_while(|(_, entry)| entry.start < to) {
                let end = all.get(n + 1).map_or(to, |next| to.min(next.start));
                let begin = from.max(entry.start);
                let base = base.wrapping_add(entry.at);
                walk(&entry.shape, base, begin - entry.start, end - entry.start, mover);
            }
        }
    }
}
