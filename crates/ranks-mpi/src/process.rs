//! What this rank knows beside the engine: the objects behind the handles.

use crate::abi::builtin;
use crate::attribute::Keyvals;
use crate::datatype::{Staged, Types, Unpacking};
use crate::errhandler::Handler;
use crate::failure::Recent;
use crate::file::File;
use crate::grequest::General;
use crate::info::Pairs;
use crate::op::UserOp;
use crate::session::Session;
use crate::slab::Slab;
use crate::waiters::Waiters;
use crate::window::Window;
use ranks_engine::{BufferOf, CommId, Group, RequestId, ShmEngine};
use std::collections::{BTreeMap, HashMap};
use std::ffi::c_int;
use std::thread::ThreadId;

/// A communicator, as far as the engine does not know it.
#[derive(Default)]
pub struct CommRecord {
    /// The name that the program gave it.
    pub name: Option<String>,
    /// What happens on errors.
    pub handler: Handler,
    /// Whether the program said so, for this communicator.
    pub handler_set: bool,
    /// Attributes, oldest first: key and value.
    pub attributes: Vec<(u32, crate::attribute::Value)>,
    /// Hints that the program gave.
    pub info: Pairs,
    /// The session that it was made in, by its key.
    pub session: Option<u32>,
}

/// A request, as far as the engine does not know it.
#[derive(Clone, Copy)]
pub struct RequestRecord {
    /// The engine's name of it.
    pub id: RequestId,
    /// Its communicator, for errors.
    pub comm: u32,
    /// What else there is to it.
    pub also: Also,
}

/// What there is to a request beside the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Also {
    /// Nothing.
    Nothing,
    /// It is the program's own: the key of a generalised request.
    General(u32),
}

/// A rank and its objects.
pub struct Process {
    /// The rank.
    pub engine: ShmEngine,
    /// Communicators, by the engine's index.
    pub comms: Vec<Option<CommRecord>>,
    /// Requests, by key.
    pub requests: Slab<RequestRecord>,
    /// Groups, by key.
    pub groups: Slab<Group>,
    /// Reduction operations that the program made, by key.
    pub ops: Slab<UserOp>,
    /// Copies of buffers, of persistent collectives on elements that do not lie in a row.
    pub staged: HashMap<RequestId, Vec<Staged>>,
    /// Datatypes.
    pub types: Types,
    /// Keys of attributes.
    pub keyvals: Keyvals,
    /// The last errors in words.
    pub recent: Recent,
    /// Windows, by key.
    pub windows: Slab<Window>,
    /// Files, by key.
    pub files: Slab<File>,
    /// Sessions, by key.
    pub sessions: Slab<Session>,
    /// The handler of errors that concern no open file.
    pub no_file: Handler,
    /// Generalised requests, by key.
    pub generals: Slab<General>,
    /// Threads that wait.
    pub waiters: Waiters,
    /// The attached buffers of buffered sends: address and size.
    pub attached: BTreeMap<BufferOf, (usize, i64)>,
    /// The thread level, 0 to 3.
    pub level: c_int,
    /// The thread that initialised.
    pub main: ThreadId,
}

impl Process {
    /// A rank that has just begun.
    pub fn new(engine: ShmEngine, level: c_int) -> Self {
        Self {
            engine,
            comms: vec![Some(CommRecord::default()), Some(CommRecord::default())],
            requests: Slab::default(),
            groups: Slab::default(),
            ops: Slab::default(),
            staged: HashMap::new(),
            types: Types::default(),
            keyvals: Keyvals::default(),
            recent: Recent::default(),
            windows: Slab::default(),
            files: Slab::default(),
            sessions: Slab::default(),
            no_file: Handler::Return,
            generals: Slab::default(),
            waiters: Waiters::default(),
            attached: BTreeMap::new(),
            level,
            main: std::thread::current().id(),
        }
    }

    /// Starts a persistent request. What it sends from a copy is copied now.
    pub fn start(&mut self, id: RequestId) -> ranks_engine::Result<()> {
        let staged = self.staged.get(&id).filter(|_| !self.engine.is_active(id)).cloned();
        staged.iter().flatten().for_each(Staged::pack);
        self.engine.start(id)?;
        if let Some(staged) = staged {
            self.engine.leave(id, Box::new(Unpacking(staged)));
        }
        Ok(())
    }

    /// The record of a communicator.
    pub fn comm(&mut self, index: u32) -> Option<&mut CommRecord> {
        self.comms.get_mut(index as usize)?.as_mut()
    }

    /// Makes the record of a new communicator, which takes over the error handler and the session of `parent`.
    pub fn adopt(&mut self, id: CommId, parent: u32) {
        let (handler, session) =
            self.comm(parent).map(|record| (record.handler, record.session)).unwrap_or_default();
        let index = id.index() as usize;
        if self.comms.len() <= index {
            self.comms.resize_with(index + 1, || None);
        }
        self.comms[index] = Some(CommRecord { handler, session, ..CommRecord::default() });
    }

    /// What people call a communicator.
    pub fn comm_name(&mut self, index: u32) -> String {
        match self.comm(index) {
            Some(CommRecord { name: Some(name), .. }) => name.clone(),
            _ if index == builtin::WORLD => "world".into(),
            _ if index == builtin::SELF => "self".into(),
            _ => format!("communicator {index}"),
        }
    }
}
