//! What a collective is: a value with its arguments, which [`Engine::run`] carries out at once and [`Engine::begin`]
//! turns into a nonblocking or persistent request.

use super::check::Check;
use crate::error::Result;
use crate::group::CommId;
use crate::op::{Op, StoredOp};
use crate::p2p::{Engine, Form, Plan, RequestId};
use crate::transport::Transport;
use ranks_shm::blocked::Call;

/// A collective operation with its arguments.
///
/// A blocking call first tries [`Self::on_board`]. What that leaves goes by messages: the arguments are checked, then
/// [`Self::plan`] writes the steps. Nonblocking and persistent requests always go by messages.
pub trait Collective {
    /// The algorithms by messages that a caller can choose from; `()` where there is only one.
    type Algorithm;

    /// The tag of the messages of a blocking call.
    const TAG: i32;

    /// The blocking call that users know it as.
    fn call(&self) -> Call;

    /// Does it in the shared memory of the communicator. `None` says that it has to go by messages: the communicator
    /// has no board, the arguments do not suit one, or they are wrong.
    fn on_board<T: Transport>(&mut self, _engine: &mut Engine<T>, _id: CommId) -> Option<Result<()>> {
        None
    }

    /// Finds wrong arguments, before anything is sent.
    fn check(&self, check: &Check<'_>) -> Result<()>;

    /// Writes the steps. The arguments have been checked; without an algorithm the fastest is chosen.
    fn plan(&self, plan: &mut Plan, algorithm: Option<Self::Algorithm>);

    /// Checks the arguments and writes the steps where the communicator is an intercommunicator.
    fn between(&self, check: &Check<'_>, plan: &mut Plan) -> Result<()>;

    /// The operation of a reduction.
    fn op(&mut self) -> Option<Op<'_>> {
        None
    }
}

/// A collective that can outlive the call that gives it: all but reductions with a borrowed operation.
pub trait Storable: Collective {
    /// The operation of a reduction, for the request to keep.
    fn stored(self) -> Option<StoredOp>
    where
        Self: Sized,
    {
        None
    }
}

impl<T: Transport> Engine<T> {
    /// Carries out a collective; when this returns, it is complete at this rank.
    #[inline]
    pub fn run<C: Collective>(&mut self, id: CommId, mut collective: C) -> Result<()> {
        if let Some(outcome) = collective.on_board(self, id) {
            return outcome;
        }
        self.run_by_messages(id, collective, None)
    }

    /// Carries out a collective by messages alone, as where the communicator has no board. All ranks must give the
    /// same algorithm, or none.
    pub fn run_by_messages<C: Collective>(
        &mut self,
        id: CommId,
        mut collective: C,
        algorithm: Option<C::Algorithm>,
    ) -> Result<()> {
        let plan = self.plan_of(collective.call(), id, &collective, algorithm)?;
        self.run_divisible(plan, collective.op().as_mut())
    }

    /// Makes a request of a collective. A nonblocking one begins now, a persistent one whenever it is started.
    pub fn begin<C: Storable>(&mut self, id: CommId, form: Form, collective: C) -> Result<RequestId> {
        let plan = self.plan_of(form.of(collective.call()), id, &collective, None)?;
        Ok(self.launch(plan, collective.stored(), form))
    }

    fn plan_of<C: Collective>(
        &mut self,
        call: Call,
        id: CommId,
        collective: &C,
        algorithm: Option<C::Algorithm>,
    ) -> Result<Box<Plan>> {
        self.enter(call)?;
        let comm = self.comm(id, call)?;
        let check = Check::new(call, &comm, self.core.me);
        if comm.local.is_some() {
            let mut plan = self.plan(call, &comm, C::TAG);
            return collective.between(&check, &mut plan).map(|()| plan);
        }
        collective.check(&check)?;
        let mut plan = self.plan(call, &comm, C::TAG);
        collective.plan(&mut plan, algorithm);
        Ok(plan)
    }
}
