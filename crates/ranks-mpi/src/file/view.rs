//! Views and positions: MPI 5.0 sections 14.3 and 14.4.

use super::{File, key, on};
use crate::abi::Abi;
use crate::argument::{Count, In, Out};
use crate::datatype::{BASIC, shared};
use crate::entry::Call;
use crate::failure::{Failure, Result, class};
use crate::global;
use ranks_engine::datatype::Datatype;
use std::ffi::{c_char, c_int};
use std::sync::Arc;

/// `MPI_MAX_DATAREP_STRING`, the same in every ABI.
const MAX_DATAREP: usize = 128;

/// What a rank sees of a file.
#[derive(Clone)]
pub struct View {
    displacement: i64,
    element: Arc<Datatype>,
    file: Arc<Datatype>,
    representation: &'static str,
}

impl View {
    /// All bytes.
    pub fn bytes() -> Self {
        let at = BASIC.iter().position(|basic| basic.name == "MPI_BYTE").unwrap_or(0);
        let one = BASIC[at].datatype(at as u32);
        Self { displacement: 0, element: one.clone(), file: one, representation: "native" }
    }

    /// The byte of the file where an element is.
    fn byte_at(&self, place: i64) -> Result<i64> {
        if self.file.size() != self.file.extent() || self.file.true_lower_bound() != 0 {
            let text = "places in views with gaps are not supported yet";
            return Err(Failure::new(class::UNSUPPORTED_OPERATION, text));
        }
        let bytes = place.checked_mul(self.element.size()).and_then(|at| at.checked_add(self.displacement));
        bytes.ok_or_else(|| Failure::new(class::ARG, format!("place {place} is beyond all files")))
    }
}

/// `MPI_File_set_view`.
pub fn set<A: Abi>(
    call: &Call<A>,
    file: A::File,
    displacement: i64,
    element: A::Datatype,
    within: A::Datatype,
    representation: In<c_char>,
    info: A::Info,
) -> Result<()> {
    key(call, file)?;
    let named = representation.text()?;
    let known = ["native", "internal", "external32"].into_iter().find(|known| *known == named);
    let representation = known.ok_or_else(|| {
        let text = format!("{named:?} is no data representation: native, internal or external32");
        Failure::new(class::UNSUPPORTED_DATAREP, text)
    })?;
    if displacement < 0 && displacement != A::DISPLACEMENT_CURRENT {
        return Err(Failure::new(class::DISP, format!("a view cannot begin at byte {displacement}")));
    }
    let view =
        View { displacement, element: shared::<A>(element)?, file: shared::<A>(within)?, representation };
    if view.element.size() <= 0 || view.file.size() % view.element.size() != 0 {
        let text = "the file type is not made of whole elements of the element type";
        return Err(Failure::new(class::ARG, text));
    }
    let hints = crate::info::hints::<A>(info)?;
    on(call, file, |file| {
        let here = file.view.byte_at(file.shared_position);
        hints.into_iter().for_each(|(key, value)| crate::info::put(&mut file.info, key, value));
        file.view = view;
        if file.view.displacement == A::DISPLACEMENT_CURRENT {
            file.view.displacement = here?;
        }
        (file.position, file.shared_position) = (0, 0);
        Ok(())
    })?
}

/// `MPI_File_get_view`. The types are the program's to free, unless they are predefined.
pub fn get<A: Abi>(
    call: &Call<A>,
    file: A::File,
    displacement: Out<i64>,
    element: Out<A::Datatype>,
    within: Out<A::Datatype>,
    representation: Out<c_char>,
) -> Result<()> {
    let view = on(call, file, |file| file.view.clone())?;
    displacement.set(view.displacement)?;
    for (out, known) in [(element, view.element), (within, view.file)] {
        out.set(global::with(|process| process.types.handle_of::<A>(&known))?)?;
    }
    representation.string(view.representation, MAX_DATAREP).map(|_| ())
}

/// `MPI_File_get_type_extent`: in a file as in memory.
pub fn type_extent<A: Abi>(
    call: &Call<A>,
    file: A::File,
    datatype: A::Datatype,
    extent: Out<impl Count>,
) -> Result<()> {
    key(call, file)?;
    extent.put(shared::<A>(datatype)?.extent())
}

/// `MPI_File_get_byte_offset`.
pub fn byte_offset<A: Abi>(call: &Call<A>, file: A::File, place: i64, byte: Out<i64>) -> Result<()> {
    if place < 0 {
        key(call, file)?;
        return Err(Failure::new(class::ARG, format!("{place} is no place in a view")));
    }
    byte.set(on(call, file, |file| file.view.byte_at(place))??)
}

/// `MPI_File_get_position`.
pub fn position<A: Abi>(call: &Call<A>, file: A::File, place: Out<i64>) -> Result<()> {
    place.set(on(call, file, |file| file.position)?)
}

/// `MPI_File_get_position_shared`.
pub fn shared_position<A: Abi>(call: &Call<A>, file: A::File, place: Out<i64>) -> Result<()> {
    place.set(on(call, file, |file| file.shared_position)?)
}

/// Where a seek leads.
fn target<A: Abi>(file: &File, here: i64, offset: i64, whence: c_int, end: i64) -> Result<i64> {
    let from = match A::SEEKS.iter().position(|&known| known == whence) {
        Some(0) => 0,
        Some(1) => here,
        Some(_) => (end - file.view.byte_at(0)?) / file.view.element.size().max(1),
        None => return Err(Failure::new(class::ARG, format!("{whence} is no place to seek from"))),
    };
    let place = from.checked_add(offset).filter(|&place| place >= 0);
    place.ok_or_else(|| Failure::new(class::ARG, "the place is before the beginning of the view"))
}

/// `MPI_File_seek`.
pub fn seek<A: Abi>(call: &Call<A>, file: A::File, offset: i64, whence: c_int) -> Result<()> {
    let end = super::ask(call, file, |file| Ok(file.metadata()?.len()))? as i64;
    on(call, file, |file| {
        file.position = target::<A>(file, file.position, offset, whence, end)?;
        Ok(())
    })?
}

/// `MPI_File_seek_shared`: all ranks give the same place.
pub fn seek_shared<A: Abi>(call: &Call<A>, file: A::File, offset: i64, whence: c_int) -> Result<()> {
    let end = super::ask(call, file, |file| Ok(file.metadata()?.len()))? as i64;
    on(call, file, |file| {
        file.shared_position = target::<A>(file, file.shared_position, offset, whence, end)?;
        Ok(())
    })?
}
