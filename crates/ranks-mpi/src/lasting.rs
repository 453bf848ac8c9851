//! Objects that are there before `MPI_Init` and after `MPI_Finalize`: MPI 5.0 section 11.4.1.

use crate::errhandler::{Added, Made};
use crate::fortran::Told;
use crate::info::Pairs;
use crate::slab::Slab;
use std::sync::{LazyLock, Mutex, PoisonError};

/// These objects.
#[derive(Default)]
pub struct Lasting {
    /// Error handlers that the program made, by key.
    pub handlers: Slab<Made>,
    /// Info objects, by key.
    pub infos: Slab<Pairs>,
    /// Error classes and codes that the program added, with their texts.
    pub added: Added,
    /// What a Fortran interface told.
    pub fortran: Told,
}

static LASTING: LazyLock<Mutex<Lasting>> = LazyLock::new(Mutex::default);

/// Does `work` on them, alone. Nothing that `work` does may call back, or come here again.
pub fn with<R>(work: impl FnOnce(&mut Lasting) -> R) -> R {
    work(&mut LASTING.lock().unwrap_or_else(PoisonError::into_inner))
}
