//! Broadcast: MPI 5.0 section 6.4.

use super::board::spread;
use super::check::Check;
use super::inter::{Role, tell_own_group};
use super::tree::binomial_bcast;
use super::{Collective, Storable, tags};
use crate::error::Result;
use crate::group::CommId;
use crate::memory::RecvBuf;
use crate::p2p::{Engine, Plan};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// Sends the root's buffer to all ranks of the communicator.
#[derive(Clone, Copy, Debug)]
pub struct Bcast {
    /// What the root sends and the others receive.
    pub buf: RecvBuf,
    /// Who sends.
    pub root: i32,
}

impl Collective for Bcast {
    type Algorithm = ();
    const TAG: i32 = tags::BCAST;

    fn call(&self) -> Call {
        Call::Bcast
    }

    fn on_board<T: Transport>(&mut self, engine: &mut Engine<T>, id: CommId) -> Option<Result<()>> {
        let Self { buf, root } = *self;
        let comm = engine.board_for(self, id)?;
        if let Some(fast) = engine.fast_path(Call::Bcast, comm, buf.len())
            && match comm.me == root {
                true => fast.tell(buf.as_send().bytes()),
                false => fast.take(root as usize, 0, buf, buf.len()),
            }
        {
            return Some(Ok(()));
        }
        let comm = comm.clone();
        let begin = |round| spread::bcast(round, buf, root as usize);
        Some(engine.move_on_board(Call::Bcast, comm, Self::TAG, begin, move |done, plan| {
            if !done {
                binomial_bcast(plan, buf, root);
            }
        }))
    }

    fn check(&self, check: &Check<'_>) -> Result<()> {
        check.root(self.root)
    }

    fn plan(&self, plan: &mut Plan, _: Option<()>) {
        binomial_bcast(plan, self.buf, self.root);
    }

    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()> {
        match check.role(self.root)? {
            Role::Root => plan.swap(Some((0, self.buf.as_send())), None),
            Role::Nothing => {}
            Role::With(root) => {
                if check.comm.me == 0 {
                    plan.swap(None, Some((root, self.buf)));
                }
                tell_own_group(plan, self.buf);
            }
        }
        Ok(())
    }
}

impl Storable for Bcast {}
