//! The three forms of a collective: blocking, nonblocking, persistent. MPI 5.0 sections 6.12 and 6.13.

use crate::abi::Abi;
use crate::argument::Out;
use crate::block;
use crate::failure::Result;
use crate::global;
use crate::p2p::handle;
use ranks_engine::op::{Op, StoredOp};
use ranks_engine::{CommId, Form, RequestId, ShmEngine};

/// How a collective is to be done, and where its request goes.
pub enum Manner<A: Abi> {
    /// When the function returns it is complete.
    Blocking,
    /// It becomes a request.
    Request(Form, Out<A::Request>),
}

impl<A: Abi> Manner<A> {
    /// Does it: `blocking`, or `begin` for a request.
    pub fn run(
        self,
        comm: CommId,
        blocking: impl FnOnce(&mut ShmEngine) -> ranks_engine::Result<()>,
        begin: impl FnOnce(&mut ShmEngine, Form) -> ranks_engine::Result<RequestId>,
    ) -> Result<()> {
        match self {
            Manner::Blocking => block::collective(blocking),
            Manner::Request(form, place) => place.set(global::with(|process| {
                let id = begin(&mut process.engine, form)?;
                handle::<A>(process, id, comm)
            })?),
        }
    }

    /// The same for a reduction.
    pub fn reduce(
        self,
        comm: CommId,
        mut op: StoredOp,
        blocking: impl FnOnce(&mut ShmEngine, &mut Op<'_>) -> ranks_engine::Result<()>,
        begin: impl FnOnce(&mut ShmEngine, Form, StoredOp) -> ranks_engine::Result<RequestId>,
    ) -> Result<()> {
        match self {
            Manner::Blocking => block::collective(|engine| blocking(engine, &mut op.as_op())),
            request => request.run(comm, |_| Ok(()), |engine, form| begin(engine, form, op)),
        }
    }
}

/// The three functions of each collective, from the one that does it in any [`Manner`]: names, kinds of
/// counts, and arguments before the communicator.
macro_rules! forms {
    ($($any:ident: $blocking:ident, $nonblocking:ident, $persistent:ident [$($count:ident),*] ($($arg:ident: $type:ty),*);)*) => {$(
        #[doc = concat!("The blocking form of `", stringify!($blocking), "`.")]
        #[allow(clippy::too_many_arguments)]
        pub fn $blocking<A: Abi, $($count: Count),*>(call: &Call<A>, $($arg: $type,)* comm: A::Comm) -> Result<()> {
            $any(call, Manner::Blocking, $($arg,)* comm)
        }

        #[doc = concat!("The nonblocking form of `", stringify!($blocking), "`.")]
        #[allow(clippy::too_many_arguments)]
        pub fn $nonblocking<A: Abi, $($count: Count),*>(
            call: &Call<A>, $($arg: $type,)* comm: A::Comm, request: Out<A::Request>,
        ) -> Result<()> {
            $any(call, Manner::Request(ranks_engine::Form::Nonblocking, request), $($arg,)* comm)
        }

        #[doc = concat!("The persistent form of `", stringify!($blocking), "`: no hints are known.")]
        #[allow(clippy::too_many_arguments)]
        pub fn $persistent<A: Abi, $($count: Count),*>(
            call: &Call<A>, $($arg: $type,)* comm: A::Comm, _: A::Info, request: Out<A::Request>,
        ) -> Result<()> {
            $any(call, Manner::Request(ranks_engine::Form::Persistent, request), $($arg,)* comm)
        }
    )*};
}

pub(crate) use forms;
