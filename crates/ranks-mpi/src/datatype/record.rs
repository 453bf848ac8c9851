//! All types of the process: the predefined ones, and those that the program made.

use super::BASIC;
use crate::abi::{Abi, Handle, Ref};
use crate::failure::{Failure, Result, class};
use crate::slab::Slab;
use ranks_engine::datatype::Datatype;
use std::collections::HashMap;
use std::sync::Arc;

/// What is behind a handle.
pub struct Record {
    /// The type.
    pub datatype: Arc<Datatype>,
    /// It may be used in messages.
    pub committed: bool,
    /// The library's own, which the program cannot free.
    pub fixed: bool,
    /// The predefined type that it is under another name.
    pub like: Option<u32>,
    /// The name that the program gave it.
    pub name: Option<String>,
    /// Attributes, oldest first: key and value.
    pub attributes: Vec<(u32, crate::attribute::Value)>,
    /// Held by reductions under way whose function will ask about the handle.
    pub pin: Arc<()>,
}

impl Record {
    /// A new one, not committed.
    pub fn new(datatype: Arc<Datatype>) -> Self {
        let (name, attributes) = (None, Vec::new());
        Self { datatype, committed: false, fixed: false, like: None, name, attributes, pin: Arc::default() }
    }
}

/// See above.
pub struct Types {
    basic: Vec<Record>,
    made: Slab<Record>,
    /// Keys that the program has freed, and that a reduction still needs.
    pinned: Vec<u32>,
    /// Types by precision and range: asked for twice, they are the same.
    pub parametrized: HashMap<(u8, i32, i32), u32>,
}

impl Default for Types {
    fn default() -> Self {
        let basic = BASIC.iter().enumerate().map(|(at, basic)| Record {
            committed: true,
            fixed: true,
            like: Some(at as u32),
            ..Record::new(basic.datatype(at as u32))
        });
        Self {
            basic: basic.collect(),
            made: Slab::default(),
            pinned: Vec::new(),
            parametrized: HashMap::new(),
        }
    }
}

#[cold]
fn none<A: Abi>(datatype: A::Datatype) -> Failure {
    let text = match datatype.decode() {
        Ref::Null => "the datatype is MPI_DATATYPE_NULL".into(),
        Ref::Dynamic(_) => format!("{:#x} is no datatype: it was freed", datatype.to_int()),
        _ => format!("{:#x} is no datatype", datatype.to_int()),
    };
    Failure::new(class::TYPE, text)
}

impl Types {
    /// The record of a handle.
    pub fn get<A: Abi>(&self, datatype: A::Datatype) -> Result<&Record> {
        let found = match datatype.decode() {
            Ref::Builtin(at) => self.basic.get(at as usize),
            Ref::Dynamic(key) => self.made.get(key),
            _ => None,
        };
        found.ok_or_else(|| none::<A>(datatype))
    }

    /// The record of a datatype, to change it.
    pub fn get_mut<A: Abi>(&mut self, datatype: A::Datatype) -> Result<&mut Record> {
        let found = match datatype.decode() {
            Ref::Builtin(at) => self.basic.get_mut(at as usize),
            Ref::Dynamic(key) => self.made.get_mut(key),
            _ => None,
        };
        found.ok_or_else(|| none::<A>(datatype))
    }

    /// The record of a place that a handle decodes to.
    pub fn at(&mut self, place: Ref) -> Option<&mut Record> {
        match place {
            Ref::Builtin(at) => self.basic.get_mut(at as usize),
            Ref::Dynamic(key) => self.made.get_mut(key),
            _ => None,
        }
    }

    /// A handle for a type.
    pub fn insert<A: Abi>(&mut self, record: Record) -> Result<A::Datatype> {
        let key = self.made.insert(record);
        let key = key.ok_or_else(|| Failure::new(class::NO_MEM, "too many datatypes"))?;
        Ok(A::Datatype::encode(Ref::Dynamic(key)))
    }

    /// Forgets a handle, as soon as no function of the program can be called with it any more. What uses the
    /// type itself keeps it.
    pub fn remove(&mut self, key: u32) {
        self.pinned.push(key);
        let made = &mut self.made;
        self.pinned.retain(|&key| {
            let held = made.get(key).is_some_and(|record| Arc::strong_count(&record.pin) > 1);
            if !held {
                made.remove(key);
            }
            held
        });
    }

    /// A handle for a type inside another: its own for a predefined one.
    pub fn handle_of<A: Abi>(&mut self, datatype: &Arc<Datatype>) -> Result<A::Datatype> {
        let number = datatype.recipe().number;
        if (number as usize) < self.basic.len() {
            return Ok(A::Datatype::encode(Ref::Builtin(number)));
        }
        self.insert::<A>(Record { committed: true, ..Record::new(datatype.clone()) })
    }
}
