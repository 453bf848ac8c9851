//! Memory of a plan's own: pieces that do not move, aligned for every type, kept for the next plan.

use crate::bounds;
use crate::memory::RecvBuf;

#[derive(Default)]
pub(super) struct Scratch {
    pieces: Vec<Vec<u128>>,
    used: usize,
}

impl Scratch {
    /// A piece of `len` bytes, which stays where it is until [`Self::give_back`].
    pub fn room(&mut self, len: usize) -> RecvBuf {
        let words = len.div_ceil(size_of::<u128>());
        if self.used == self.pieces.len() {
            self.pieces.push(Vec::new());
        }
        let piece = &mut self.pieces[self.used];
        self.used += 1;
        if piece.len() < words {
            *piece = vec![0; words];
        }
        // SAFETY: inside the piece, whose memory is used through this buffer alone until it is given
        // back, when the plan is over and nothing is under way.
        unsafe { RecvBuf::new(piece.as_mut_ptr().cast(), len) }
    }

    /// All pieces are free again. Long ones are not kept.
    pub fn give_back(&mut self) {
        self.used = 0;
        let mut kept = 0;
        self.pieces.retain(|piece| {
            kept += size_of_val(&piece[..]);
            kept <= bounds::SCRATCH
        });
    }
}
