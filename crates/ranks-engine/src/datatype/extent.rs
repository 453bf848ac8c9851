//! Lower and upper bounds: MPI 5.0 sections 5.1.6 to 5.1.8.

use super::Invalid;

/// The bounds of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Lower and upper bound; none for a type without any entries.
    pub outer: Option<(i64, i64)>,
    /// Of the data alone.
    pub inner: Option<(i64, i64)>,
    /// They were set (MPI_Type_create_resized), here or in a type inside: then only what was set counts.
    pub marked: bool,
}

type Result<T> = std::result::Result<T, Invalid>;

impl Bounds {
    pub fn lower(&self) -> i64 {
        self.outer.map_or(0, |(lower, _)| lower)
    }

    /// It was checked to fit when the type was made.
    pub fn extent(&self) -> i64 {
        self.outer.map_or(0, |(lower, upper)| upper.wrapping_sub(lower))
    }

    /// Moved by `at` bytes.
    pub fn moved(self, at: i64) -> Result<Self> {
        let moved = |pair: Option<(i64, i64)>| match pair {
            None => Ok(None),
            Some((lower, upper)) => {
                let pair = lower.checked_add(at).zip(upper.checked_add(at));
                pair.map(Some).ok_or_else(Invalid::overflow)
            }
        };
        Ok(Self { outer: moved(self.outer)?, inner: moved(self.inner)?, marked: self.marked })
    }

    /// Of `count` copies, `stride` apart.
    pub fn repeated(self, count: i64, stride: i64) -> Result<Self> {
        if count == 0 {
            return Ok(Self::default());
        }
        let last = (count - 1).checked_mul(stride).ok_or_else(Invalid::overflow)?;
        Ok(self.joined(self.moved(last)?))
    }

    /// Of both together.
    pub fn joined(self, other: Self) -> Self {
        let outer = match (self.marked, other.marked) {
            (true, false) => self.outer,
            (false, true) => other.outer,
            _ => union(self.outer, other.outer),
        };
        Self { outer, inner: union(self.inner, other.inner), marked: self.marked || other.marked }
    }

    /// With the padding behind that the next element needs for its alignment, unless the bounds were set. A type
    /// inside has its padding already, so elements never reach into each other's.
    pub fn padded(mut self, align: i64) -> Result<Self> {
        if let Some((lower, upper)) = self.outer {
            let extent = upper.checked_sub(lower).ok_or_else(Invalid::overflow)?;
            if !self.marked {
                let more = (align - extent % align) % align;
                extent.checked_add(more).ok_or_else(Invalid::overflow)?;
                let upper = upper.checked_add(more).ok_or_else(Invalid::overflow)?;
                self.outer = Some((lower, upper));
            }
        }
        Ok(self)
    }

    /// Set.
    pub fn set(self, lower: i64, extent: i64) -> Result<Self> {
        let upper = lower.checked_add(extent).ok_or_else(Invalid::overflow)?;
        Ok(Self { outer: Some((lower, upper)), marked: true, ..self })
    }
}

fn union(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}
