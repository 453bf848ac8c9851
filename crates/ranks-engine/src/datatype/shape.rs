//! The bytes of an element, in the order of the message: a small program of blocks and loops.
//!
//! Made bottom up from shapes that are simplified already. Blocks that follow each other in the message and
//! in memory become one; blocks at equal distances become a loop. Offsets were checked to fit together with
//! the bounds of the type, so here they just wrap.

use crate::bounds::FLATTEN;
use std::sync::Arc;

/// One block of bytes of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Its offset in the message.
    pub start: i64,
    /// Its offset in memory.
    pub at: i64,
    pub len: i64,
}

/// One part of many.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its offset in the message.
    pub start: i64,
    /// What is added to its offsets in memory.
    pub at: i64,
    pub shape: Shape,
}

/// See above. No part of a shape is empty, unless it is an empty block alone.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Bytes in a row.
    Block { at: i64, len: i64 },
    /// `count` times the body of `part` bytes, `stride` apart.
    Loop { at: i64, count: i64, stride: i64, part: i64, body: Arc<Shape> },
    /// Blocks of one length.
    Blocks { len: i64, at: Arc<[i64]> },
    /// Blocks.
    Segments(Arc<[Segment]>),
    /// Anything, one after the other.
    List(Arc<[Entry]>),
}

impl Shape {
    pub const EMPTY: Shape = Shape::Block { at: 0, len: 0 };

    /// Bytes of data.
    pub fn size(&self) -> i64 {
        match self {
            Shape::Block { len, .. } => *len,
            Shape::Loop { count, part, .. } => count * part,
            Shape::Blocks { len, at } => len * at.len() as i64,
            Shape::Segments(all) => all.last().map_or(0, |last| last.start + last.len),
            Shape::List(all) => all.last().map_or(0, |last| last.start + last.shape.size()),
        }
    }

    /// Offset and length, if it is one block.
    pub fn dense(&self) -> Option<(i64, i64)> {
        match *self {
            Shape::Block { at, len } => Some((at, len)),
            _ => None,
        }
    }

    /// Moved by `by` bytes in memory.
    pub fn moved(&self, by: i64) -> Shape {
        let mut shape = self.clone();
        match &mut shape {
            _ if by == 0 => {}
            Shape::Block { at, .. } | Shape::Loop { at, .. } => *at = at.wrapping_add(by),
            Shape::Blocks { at, .. } => *at = at.iter().map(|at| at.wrapping_add(by)).collect(),
            Shape::Segments(all) => {
                let moved = |s: &Segment| Segment { at: s.at.wrapping_add(by), ..*s };
                *all = all.iter().map(moved).collect();
            }
            Shape::List(all) => {
                let moved = |e: &Entry| Entry { at: e.at.wrapping_add(by), ..e.clone() };
                *all = all.iter().map(moved).collect();
            }
        }
        shape
    }

    /// `count` of them, `stride` apart. That the size fits was checked before.
    pub fn repeated(&self, count: i64, stride: i64) -> Shape {
        let part = self.size();
        if count == 0 || part == 0 {
            return Shape::EMPTY;
        }
        if count == 1 {
            return self.clone();
        }
        match self {
            &Shape::Block { at, len } if stride == len => Shape::Block { at, len: count * len },
            // It goes on as it went before.
            Shape::Loop { at, count: inner, stride: step, part, body }
                if inner.checked_mul(*step) == Some(stride) =>
            {
                let (at, stride, part, body) = (*at, *step, *part, body.clone());
                Shape::Loop { at, count: count * inner, stride, part, body }
            }
            _ => Shape::Loop { at: 0, count, stride, part, body: Arc::new(self.clone()) },
        }
    }

    /// One after the other, each moved by its number of bytes.
    pub fn list(parts: impl IntoIterator<Item = (i64, Shape)>) -> Shape {
        let mut parts: Vec<(i64, Shape)> = parts.into_iter().filter(|(_, shape)| shape.size() > 0).collect();
        match parts.len() {
            0 => return Shape::EMPTY,
            1 => {
                let (at, shape) = parts.swap_remove(0);
                return shape.moved(at);
            }
            _ => {}
        }
        let blocks = parts.iter().all(|(_, shape)| shape.dense().is_some());
        let mut flat = Vec::new();
        let most = if blocks { usize::MAX } else { FLATTEN };
        if parts.iter().all(|(at, shape)| shape.flatten(*at, most, &mut flat)) {
            return Self::of_blocks(flat);
        }
        let mut start = 0;
        let entries = parts.into_iter().map(|(at, shape)| {
            let entry = Entry { start, at, shape };
            start += entry.shape.size();
            entry
        });
        Shape::List(entries.collect())
    }

    /// Adds its blocks, unless there are more than `most` in all.
    fn flatten(&self, by: i64, most: usize, flat: &mut Vec<(i64, i64)>) -> bool {
        match self {
            Shape::Block { at, len } => match flat.last_mut() {
                Some((last, there)) if last.wrapping_add(*there) == at.wrapping_add(by) => *there += len,
                _ => flat.push((at.wrapping_add(by), *len)),
            },
            Shape::Loop { at, count, stride, body, .. } => {
                return *count <= most as i64
                    && (0..*count).all(|n| {
                        let by = by.wrapping_add(*at).wrapping_add(n.wrapping_mul(*stride));
                        body.flatten(by, most, flat)
                    });
            }
            Shape::Blocks { len, at } => {
                if at.len() > most {
                    return false;
                }
                flat.extend(at.iter().map(|at| (at.wrapping_add(by), *len)));
            }
            Shape::Segments(all) => {
                if all.len() > most {
                    return false;
                }
                flat.extend(all.iter().map(|segment| (segment.at.wrapping_add(by), segment.len)));
            }
            Shape::List(all) => {
                return all.iter().all(|entry| entry.shape.flatten(by.wrapping_add(entry.at), most, flat));
            }
        }
        flat.len() <= most
    }

    /// From offsets and lengths of blocks: what is simplest.
    fn of_blocks(blocks: Vec<(i64, i64)>) -> Shape {
        let (at, len) = blocks[0];
        if blocks.len() == 1 {
            return Shape::Block { at, len };
        }
        if blocks.iter().any(|block| block.1 != len) {
            let mut start = 0;
            let segments = blocks.into_iter().map(|(at, len)| {
                let segment = Segment { start, at, len };
                start += len;
                segment
            });
            return Shape::Segments(segments.collect());
        }
        let stride = blocks[1].0.wrapping_sub(at);
        if blocks.windows(2).all(|pair| pair[1].0.wrapping_sub(pair[0].0) == stride) {
            let body = Arc::new(Shape::Block { at: 0, len });
            return Shape::Loop { at, count: blocks.len() as i64, stride, part: len, body };
        }
        Shape::Blocks { len, at: blocks.into_iter().map(|(at, _)| at).collect() }
    }
}
