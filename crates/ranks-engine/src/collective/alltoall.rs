//! All-to-all: MPI 5.0 section 6.8.

#![allow(unsafe_code)]

use super::{Part, rounds, tags};
use crate::bounds;
use crate::error::Result;
use crate::group::{Comm, CommId};
use crate::memory::{RecvBuf, SendBuf};
use crate::p2p::{Engine, Within};
use crate::transport::Transport;
use ranks_shm::blocked::Call;
use std::sync::Arc;

/// How an exchange of all with all is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlltoallAlgorithm {
    /// In round k each sends to the one k further and hears from the one k before.
    Pairwise,
    /// Everything is begun at once.
    Posted,
}

fn choose(comm: &Comm, part: usize) -> AlltoallAlgorithm {
    if part <= bounds::POSTED_PART || comm.size() <= bounds::POSTED_RANKS {
        AlltoallAlgorithm::Posted
    } else {
        AlltoallAlgorithm::Pairwise
    }
}

impl<T: Transport> Engine<T> {
    /// Rank i's part j becomes rank j's part i; all parts have one length. In place: the parts to send
    /// are where those received belong.
    pub fn alltoall(&mut self, send: Option<SendBuf>, recv: RecvBuf, id: CommId) -> Result<()> {
        self.alltoall_as(send, recv, id, None)
    }

    /// The same by a given algorithm: all ranks must give the same one.
    pub fn alltoall_with(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: AlltoallAlgorithm,
    ) -> Result<()> {
        self.alltoall_as(send, recv, id, Some(algorithm))
    }

    fn alltoall_as(
        &mut self,
        send: Option<SendBuf>,
        recv: RecvBuf,
        id: CommId,
        algorithm: Option<AlltoallAlgorithm>,
    ) -> Result<()> {
        let call = Call::Alltoall;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        let part = self.equal_part(call, comm, recv.len())?;
        if let Some(send) = send {
            self.check_len(call, comm, "the send buffer", send.len(), recv.len())?;
        }
        let part_of = |rank: i32| Part { at: rank as usize * part, len: part };
        if algorithm.is_none() && self.alltoall_fits_board(comm, part) {
            self.check_apart(call, comm, send, recv)?;
            let copy;
            let send = match send {
                Some(send) => {
                    let own = part_of(comm.me);
                    recv.write(own.at, send.of_part(own).bytes());
                    send
                }
                None => {
                    copy = recv.as_send().bytes().to_vec();
                    // SAFETY: the copy lives until this function returns, and nothing is under way then.
                    unsafe { SendBuf::of(&copy) }
                }
            };
            return self.board_alltoall(call, comm, send, recv, part);
        }
        let algorithm = algorithm.unwrap_or_else(|| choose(comm, part));
        self.alltoall_parts(call, comm, (send, &part_of), (recv, &part_of), algorithm)
    }

    /// The same with parts of any length: where in `send` the part for each rank lies, and where in
    /// `recv` the part from each belongs. In place: `recv_parts` says both.
    pub fn alltoallv(
        &mut self,
        send: Option<SendBuf>,
        send_parts: &[Part],
        recv: RecvBuf,
        recv_parts: &[Part],
        id: CommId,
    ) -> Result<()> {
        let call = Call::Alltoallv;
        self.enter(call)?;
        let comm = &self.comm(id, call)?;
        self.check_parts(call, comm, recv_parts, recv.len())?;
        let send_parts = if let Some(send) = send {
            self.check_parts(call, comm, send_parts, send.len())?;
            send_parts
        } else {
            recv_parts
        };
        let me = comm.me as usize;
        self.check_len(call, comm, "this rank's part for itself", send_parts[me].len, recv_parts[me].len)?;
        let (from, to) = (|rank: i32| send_parts[rank as usize], |rank: i32| recv_parts[rank as usize]);
        // Lengths differ from rank to rank, so they can choose nothing that all must do alike; but these
        // two algorithms understand each other.
        let longest = recv_parts.iter().map(|part| part.len).max().unwrap_or(0);
        self.alltoall_parts(call, comm, (send, &from), (recv, &to), choose(comm, longest))
    }

    fn alltoall_parts(
        &mut self,
        call: Call,
        comm: &Arc<Comm>,
        (send, send_part): (Option<SendBuf>, &dyn Fn(i32) -> Part),
        (recv, recv_part): (RecvBuf, &dyn Fn(i32) -> Part),
        algorithm: AlltoallAlgorithm,
    ) -> Result<()> {
        self.check_apart(call, comm, send, recv)?;
        let at = Within { call, comm, tag: tags::ALLTOALL };
        let copy;
        let send = match send {
            Some(send) => {
                recv.write(recv_part(comm.me).at, send.of_part(send_part(comm.me)).bytes());
                send
            }
            None => {
                // Parts would be overwritten before their turn to be sent has come.
                copy = recv.as_send().bytes().to_vec();
                // SAFETY: the copy lives until this function returns, and nothing is under way then.
                unsafe { SendBuf::of(&copy) }
            }
        };
        let sends = rounds(comm).map(|(to, _)| (to, send.of_part(send_part(to))));
        let recvs = rounds(comm).map(|(_, from)| (from, recv.of_part(recv_part(from))));
        match algorithm {
            AlltoallAlgorithm::Posted => {
                self.exchange(at, &sends.collect::<Vec<_>>(), &recvs.collect::<Vec<_>>())
            }
            AlltoallAlgorithm::Pairwise => {
                sends.zip(recvs).try_for_each(|(send, recv)| self.swap(at, Some(send), Some(recv)))
            }
        }
    }
}
