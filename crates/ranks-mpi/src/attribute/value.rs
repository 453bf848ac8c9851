//! Values of attributes, and the callbacks of keys, in C and in Fortran: MPI 5.0 section 19.3.7.

use super::{CopyFunction, DeleteFunction};
use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The kind of a value that a C program set: a pointer.
pub(super) const POINTER: c_int = 0;

/// MPICH's Fortran wrappers call the copy callbacks of Fortran programs: the callback, a handle, the key, the extra
/// state, the value's kind, the value, places for the copy and for whether there is one.
pub type CopyProxy = unsafe extern "C-unwind" fn(
    CopyFunction,
    c_int,
    c_int,
    *mut c_void,
    c_int,
    *mut c_void,
    *mut *mut c_void,
    *mut c_int,
) -> c_int;
/// Calls a delete callback in the language it was written in. It takes the callback, the handle, the key, the
/// value's kind, the value and the extra state.
pub type DeleteProxy =
    unsafe extern "C-unwind" fn(DeleteFunction, c_int, c_int, c_int, *mut c_void, *mut c_void) -> c_int;

/// The value of an attribute.
#[derive(Clone, Debug)]
pub struct Value {
    /// `POINTER`, or which kind of integer a Fortran program set.
    pub(super) kind: c_int,
    /// C programs get the address of an integer; it stays as long as the attribute does.
    value: Arc<AtomicUsize>,
}

impl Value {
    /// A value of a kind.
    pub(super) fn new(kind: c_int, value: usize) -> Self {
        Self { kind, value: Arc::new(AtomicUsize::new(value)) }
    }

    /// What was set.
    pub(super) fn plain(&self) -> usize {
        self.value.load(Ordering::Relaxed)
    }

    /// What a C program gets: its pointer, or the address of the integer that a Fortran program set.
    pub(super) fn for_c(&self) -> usize {
        match self.kind {
            POINTER => self.plain(),
            _ => self.value.as_ptr().expose_provenance(),
        }
    }
}

/// The callbacks of a key.
#[derive(Clone, Copy)]
pub(super) struct Callbacks {
    pub copy: Option<CopyFunction>,
    pub delete: Option<DeleteFunction>,
    pub extra: usize,
    /// Of a key that a Fortran program made: what calls them.
    pub proxies: Option<(CopyProxy, DeleteProxy)>,
}

fn pointer(value: usize) -> *mut c_void {
    std::ptr::with_exposed_provenance_mut(value)
}

impl Callbacks {
    /// Asks the copy callback about a value of the object `handle`: the code, and the copy if there is to be one.
    pub(super) fn copy(&self, handle: usize, key: c_int, value: &Value) -> (c_int, Option<Value>) {
        let Some(function) = self.copy else { return (0, None) };
        let mut copied: *mut c_void = std::ptr::null_mut();
        let mut wanted: c_int = 0;
        // SAFETY: the program gave this function to be called with these arguments, the last two being places for
        // what it answers; where there is a proxy, the function is Fortran's and the proxy calls it so.
        let code = unsafe {
            let extra = pointer(self.extra);
            match self.proxies {
                Some((proxy, _)) => {
                    let plain = pointer(value.plain());
                    proxy(function, handle as c_int, key, extra, value.kind, plain, &mut copied, &mut wanted)
                }
                None => {
                    let place = (&raw mut copied).cast();
                    function(handle, key, extra, pointer(value.for_c()), place, &raw mut wanted)
                }
            }
        };
        let kind = if self.proxies.is_some() { value.kind } else { POINTER };
        (code, (wanted != 0).then(|| Value::new(kind, copied.expose_provenance())))
    }

    /// Tells the delete callback that a value goes: its code.
    pub(super) fn delete(&self, handle: usize, key: c_int, value: &Value) -> c_int {
        let Some(function) = self.delete else { return 0 };
        // SAFETY: as for copies.
        unsafe {
            let extra = pointer(self.extra);
            match self.proxies {
                Some((_, proxy)) => {
                    proxy(function, handle as c_int, key, value.kind, pointer(value.plain()), extra)
                }
                None => function(handle, key, pointer(value.for_c()), extra),
            }
        }
    }
}
