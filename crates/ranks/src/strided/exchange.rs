//! The exchange of edges between neighbours, within one buffer.

use super::Stride;
use crate::communicator::Communicator;
use crate::equivalence::Equivalence;
use crate::memory::ReceiveGuard;
use crate::scope::{End, ScopedOperation};
use crate::{Call, Class, Result};
use ranks_engine::{Mode, RecvBuf, RequestId};
use std::cell::RefCell;

/// What a rank exchanges with one neighbour: see [`Communicator::exchange_strided`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The neighbour's rank.
    pub neighbor: usize,
    /// The places whose elements go to it.
    pub send: Stride,
    /// The tag of the message that goes to it.
    pub send_tag: i32,
    /// The places that its elements come into.
    pub receive: Stride,
    /// The tag of the message that comes from it.
    pub receive_tag: i32,
}

impl Communicator {
    /// Exchanges parts of one buffer with several neighbours at once: all messages are begun, then all are waited
    /// for. This is the exchange of halos: of a block with a frame around it, the outermost rows and columns go
    /// to the neighbours, and theirs come into the frame. Sections 3.10 and 5.1.2.
    ///
    /// A rank may be a neighbour more than once, as in a ring of two: the tags tell its messages apart.
    ///
    /// ```
    /// use ranks::{Exchange, Stride};
    ///
    /// ranks::threads(3, |world| {
    ///     let (n, rank) = (world.size(), world.rank());
    ///     // Two rows, and two columns between those of the frame, in a ring of ranks.
    ///     let (rows, columns) = (2, 4);
    ///     let mut block = vec![rank; rows * columns];
    ///     let column = |at| Stride::column(rows, columns, at);
    ///     let (left, right) = ((rank + n - 1) % n, (rank + 1) % n);
    ///     world.exchange_strided(
    ///         &mut block,
    ///         &[
    ///             Exchange { neighbor: left, send: column(1), send_tag: 0, receive: column(0), receive_tag: 1 },
    ///             Exchange { neighbor: right, send: column(2), send_tag: 1, receive: column(3), receive_tag: 0 },
    ///         ],
    ///     )?;
    ///     assert_eq!(block, [left, rank, rank, right, left, rank, rank, right]);
    ///     Ok(())
    /// })?;
    /// # Ok::<(), ranks::Error>(())
    /// ```
    ///
    /// # Errors
    /// Class `Arg` when places are outside of the buffer, or when something is received into places that are also
    /// sent or received into by another part of the exchange. Otherwise as for
    /// [`Communicator::receive_into`]; then the places that are received into hold what came so far.
    pub fn exchange_strided<T: Equivalence>(&self, data: &mut [T], parts: &[Exchange]) -> Result<()> {
        for (at, part) in parts.iter().enumerate() {
            self.inside(Call::Sendrecv, part.send, data.len())?;
            self.inside(Call::Sendrecv, part.receive, data.len())?;
            for (other_at, other) in parts.iter().enumerate() {
                let twice = other_at != at && part.receive.meets(&other.receive);
                if twice || part.receive.meets(&other.send) {
                    let detail = format!(
                        "{:?} is received into and also used by the exchange with rank {}",
                        part.receive, other.neighbor
                    );
                    return Err(self.error(Class::Arg, Call::Sendrecv, detail));
                }
            }
        }
        let len = data.len();
        let mut guard = ReceiveGuard::in_place(data);
        let outcome = self.exchange::<T>(guard.buf(), len, parts);
        guard.finish(self, Call::Sendrecv, outcome)
    }

    /// Begins all parts, and waits for all of them. When one cannot be begun, the others are ended first.
    fn exchange<T: Equivalence>(&self, buf: RecvBuf, len: usize, parts: &[Exchange]) -> Result<()> {
        let size = size_of::<T>();
        let all = RefCell::new(Vec::with_capacity(2 * parts.len()));
        let end = End(&all, self);
        for part in parts {
            let elements = self.strided(Call::Sendrecv, buf, len, size, part.receive)?;
            let source = Self::to(part.neighbor);
            let id = self.engine.engine().irecv_elements(elements, source, part.receive_tag, self.id)?;
            all.borrow_mut().push(begun(id, true));
        }
        for part in parts {
            let elements = self.strided(Call::Sendrecv, buf, len, size, part.send)?.marked(T::MARK);
            let dest = Self::to(part.neighbor);
            let mut engine = self.engine.engine();
            let id = engine.isend_elements(Mode::Standard, elements, dest, part.send_tag, self.id)?;
            drop(engine);
            all.borrow_mut().push(begun(id, false));
        }
        end.finish()
    }
}

/// What an exchange has begun.
fn begun(id: RequestId, is_receive: bool) -> ScopedOperation {
    ScopedOperation { id, is_receive, purge: None, _bytes: None }
}
