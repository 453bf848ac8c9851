//! The three forms of a collective: blocking, nonblocking, persistent. MPI 5.0 sections 6.12 and 6.13.

use crate::abi::{Abi, Handle};
use crate::argument::Out;
use crate::block;
use crate::datatype::{Stage, Staged, Unpacking};
use crate::failure::Result;
use crate::global;
use crate::p2p::handle;
use ranks_engine::collective::Storable;
use ranks_engine::{CommId, Form};

/// How a collective is to be done, and where its request goes.
pub struct CallForm<A: Abi> {
    /// None: when the function returns it is complete.
    request: Option<(Form, Out<A::Request>)>,
    /// Copies of buffers whose elements do not lie in a row.
    pub stage: Stage,
}

impl<A: Abi> CallForm<A> {
    /// It is complete when the function returns.
    pub fn blocking() -> Self {
        Self { request: None, stage: Stage::default() }
    }

    /// It becomes a request, which has begun when the function returns.
    pub fn nonblocking(place: Out<A::Request>) -> Result<Self> {
        Self::request(Form::Nonblocking, place)
    }

    /// It becomes a request, which begins whenever it is started. No hints are known.
    pub fn persistent(place: Out<A::Request>) -> Result<Self> {
        Self::request(Form::Persistent, place)
    }

    /// Until the request is made, its handle is null.
    fn request(form: Form, place: Out<A::Request>) -> Result<Self> {
        place.set(A::Request::NULL)?;
        Ok(Self { request: Some((form, place)), stage: Stage::default() })
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
