//! The three forms of a collective: blocking, nonblocking, persistent. MPI 5.0 sections 6.12 and 6.13.

use crate::abi::Abi;
use crate::argument::Out;
use crate::block;
use crate::datatype::{Stage, Staged, Unpacking};
use crate::failure::Result;
use crate::global;
use crate::p2p::handle;
use ranks_engine::collective::Storable;
use ranks_engine::{CommId, Form};

/// How a collective is to be done, and where its request goes.
pub struct Manner<A: Abi> {
    /// None: when the function returns it is complete.
    request: Option<(Form, Out<A::Request>)>,
    /// Copies of buffers whose elements do not lie in a row.
    pub stage: Stage,
}

impl<A: Abi> Manner<A> {
    /// It is complete when the function returns.
    pub fn blocking() -> Self {
        Self { request: None, stage: Stage::default() }
    }

    /// It becomes a request.
    pub fn request(form: Form, place: Out<A::Request>) -> Self {
        Self { request: Some((form, place)), stage: Stage::default() }
    }

    /// Carries out a collective, or makes a request of it.
    pub fn run(self, comm: CommId, collective: impl Storable) -> Result<()> {
        let staged = self.stage.take();
        let Some((form, place)) = self.request else {
            block::collective(|engine| engine.run(comm, collective))?;
            staged.iter().for_each(Staged::unpack);
            return Ok(());
        };
        place.set(global::with(|process| {
            let id = process.engine.begin(comm, form, collective)?;
            match form {
                _ if staged.is_empty() => {}
                Form::Nonblocking => process.engine.leave(id, Box::new(Unpacking(staged))),
                Form::Persistent => {
                    process.staged.insert(id, staged);
                }
            }
            handle::<A>(process, id, comm)
        })?)
    }
}

/// The three functions of each collective, from the one that does it in any [`Manner`]: names, kinds of
/// counts, and arguments before the communicator.
macro_rules! forms {
    ($($any:ident: $blocking:ident, $nonblocking:ident, $persistent:ident [$($count:ident),*] ($($arg:ident: $type:ty),*);)*) => {$(
        #[doc = concat!("The blocking form of `", stringify!($blocking), "`.")]
        #[allow(clippy::too_many_arguments)]
        pub fn $blocking<A: Abi, $($count: Count),*>(call: &Call<A>, $($arg: $type,)* comm: A::Comm) -> Result<()> {
            $any(call, Manner::blocking(), $($arg,)* comm)
        }

        #[doc = concat!("The nonblocking form of `", stringify!($blocking), "`.")]
        #[allow(clippy::too_many_arguments)]
        pub fn $nonblocking<A: Abi, $($count: Count),*>(
            call: &Call<A>, $($arg: $type,)* comm: A::Comm, request: Out<A::Request>,
        ) -> Result<()> {
            request.set(<A::Request as crate::abi::Handle>::NULL)?;
            $any(call, Manner::request(ranks_engine::Form::Nonblocking, request), $($arg,)* comm)
        }

        #[doc = concat!("The persistent form of `", stringify!($blocking), "`: no hints are known.")]
        #[allow(clippy::too_many_arguments)]
        pub fn $persistent<A: Abi, $($count: Count),*>(
            call: &Call<A>, $($arg: $type,)* comm: A::Comm, _: A::Info, request: Out<A::Request>,
        ) -> Result<()> {
            request.set(<A::Request as crate::abi::Handle>::NULL)?;
            $any(call, Manner::request(ranks_engine::Form::Persistent, request), $($arg,)* comm)
        }
    )*};
}

pub(crate) use forms;
