//! From the table to C: the macros that make the entry points.

/// Defines every function of the table as `MPI_X` and `PMPI_X` (extensions as `MPIX_X` and `PMPIX_X`), for the ABI type `$abi`, in a library crate that
/// has this ABI's types (`Comm`, `Status`, ...) in scope.
///
/// The two names are two functions with the same body: a profiling library that defines `MPI_X` and calls
/// `PMPI_X` gets the real one, and nothing inside the library goes through either.
#[macro_export]
macro_rules! exports {
    () => {
        /// The functions as the standard's C binding has them.
        mod int_form {
            use super::*;
            type Count = c_int;
            type Displacement = c_int;
            type Extent = Aint;
            type ReduceFunction = $crate::op::IntFunction;
            $crate::functions!(int_entries);
            $crate::extension_functions!(extension_entries);
            $crate::fortran_functions!(fortran_entries);
        }

        /// The functions with large counts: `MPI_X_c`.
        mod large_form {
            use super::*;
            type Count = LargeCount;
            type Displacement = Aint;
            type Extent = LargeCount;
            type ReduceFunction = $crate::op::LargeFunction;
            $crate::functions!(large_entries);
        }
    };
}

/// One function under its two names; a collective in its three forms.
#[macro_export]
#[doc(hidden)]
macro_rules! entry {
    ($prefix:literal collective, $suffix:literal, $blocking:ident $nonblocking:ident $persistent:ident ($($arg:ident: $type:ty),*) = $($work:ident)::+) => {
        $crate::entry!($prefix enter, $suffix, $blocking ($($arg: $type),*) |call| {
            // SAFETY: the C program passes what the standard demands of these arguments.
            $crate::$($work)::+(call, $crate::collective::forms::CallForm::blocking(), $(unsafe { $crate::argument::Argument::take($arg) }),*)
        });
        $crate::entry!($prefix enter, $suffix, $nonblocking ($($arg: $type,)* request: *mut Request) |call| {
            // SAFETY: as above.
            let manner = $crate::collective::forms::CallForm::nonblocking(unsafe { $crate::argument::Argument::take(request) })?;
            // SAFETY: as above.
            $crate::$($work)::+(call, manner, $(unsafe { $crate::argument::Argument::take($arg) }),*)
        });
        $crate::entry!($prefix enter, $suffix, $persistent ($($arg: $type,)* _info: Info, request: *mut Request) |call| {
            // SAFETY: as above.
            let manner = $crate::collective::forms::CallForm::persistent(unsafe { $crate::argument::Argument::take(request) })?;
            // SAFETY: as above.
            $crate::$($work)::+(call, manner, $(unsafe { $crate::argument::Argument::take($arg) }),*)
        });
    };
    ($prefix:literal $how:ident, $suffix:literal, $name:ident ($($arg:ident: $type:ty),*) = $($work:ident)::+) => {
        $crate::entry!($prefix $how, $suffix, $name ($($arg: $type),*) |call| {
            // SAFETY: the C program passes what the standard demands of these arguments.
            $crate::$($work)::+(call, $(unsafe { $crate::argument::Argument::take($arg) }),*)
        });
    };
    ($prefix:literal $how:ident, $suffix:literal, $name:ident ($($arg:ident: $type:ty),*) |$call:ident| $body:block) => {
        const _: () = {
            #[unsafe(export_name = concat!($prefix, stringify!($name), $suffix))]
            unsafe extern "C-unwind" fn mpi($($arg: $type),*) -> c_int {
                $crate::entry::$how::<Abi>(concat!($prefix, stringify!($name), $suffix), |$call| $body)
            }
            #[unsafe(export_name = concat!("P", $prefix, stringify!($name), $suffix))]
            unsafe extern "C-unwind" fn pmpi($($arg: $type),*) -> c_int {
                $crate::entry::$how::<Abi>(concat!($prefix, stringify!($name), $suffix), |$call| $body)
            }
        };
    };
    ($prefix:literal plain $name:ident ($($arg:ident: $type:ty),*) -> $result:ty = $($work:ident)::+) => {
        const _: () = {
            #[unsafe(export_name = concat!($prefix, stringify!($name)))]
            extern "C-unwind" fn mpi($($arg: $type),*) -> $result {
                $crate::$($work)::+($($arg),*)
            }
            #[unsafe(export_name = concat!("P", $prefix, stringify!($name)))]
            extern "C-unwind" fn pmpi($($arg: $type),*) -> $result {
                $crate::$($work)::+($($arg),*)
            }
        };
    };
    ($prefix:literal unsupported, $suffix:literal, $name:ident ($($arg:ident: $type:ty),*)) => {
        const _: () = {
            #[unsafe(export_name = concat!($prefix, stringify!($name), $suffix))]
            extern "C-unwind" fn mpi($($arg: $type),*) -> c_int {
                let comms: &[Option<c_int>] = &[$($crate::argument::Argument::communicator(&$arg)),*];
                $crate::entry::unsupported::<Abi>(concat!($prefix, stringify!($name), $suffix), comms)
            }
            #[unsafe(export_name = concat!("P", $prefix, stringify!($name), $suffix))]
            extern "C-unwind" fn pmpi($($arg: $type),*) -> c_int {
                let comms: &[Option<c_int>] = &[$($crate::argument::Argument::communicator(&$arg)),*];
                $crate::entry::unsupported::<Abi>(concat!($prefix, stringify!($name), $suffix), comms)
            }
        };
    };
}

/// The int form of every function.
#[macro_export]
#[doc(hidden)]
macro_rules! int_entries {
    (
        anytime { $($any_form:ident $any:ident ($($aa:ident: $at:ty),*) = $($ai:ident)::+;)* }
        running { $($run_form:ident $run:ident ($($ra:ident: $rt:ty),*) = $($ri:ident)::+;)* }
        collectives { $($form:ident $blocking:ident $nonblocking:ident $persistent:ident ($($ca:ident: $ct:ty),*) = $($ci:ident)::+;)* }
        plain { $($plain:ident ($($pa:ident: $pt:ty),*) -> $result:ty = $($pi:ident)::+;)* }
        unsupported { $($none_form:ident $none:ident ($($na:ident: $nt:ty),*);)* }
    ) => {
        $($crate::entry!("MPI_" guarded, "", $any ($($aa: $at),*) = $($ai)::+);)*
        $($crate::entry!("MPI_" enter, "", $run ($($ra: $rt),*) = $($ri)::+);)*
        $($crate::entry!("MPI_" collective, "", $blocking $nonblocking $persistent ($($ca: $ct),*) = $($ci)::+);)*
        $($crate::entry!("MPI_" plain $plain ($($pa: $pt),*) -> $result = $($pi)::+);)*
        $($crate::entry!("MPI_" unsupported, "", $none ($($na: $nt),*));)*
    };
}

/// Extensions of MPICH's.
#[macro_export]
#[doc(hidden)]
macro_rules! extension_entries {
    (
        anytime { $($any_form:ident $any:ident ($($aa:ident: $at:ty),*) = $($ai:ident)::+;)* }
        running { $($run_form:ident $run:ident ($($ra:ident: $rt:ty),*) = $($ri:ident)::+;)* }
        collectives {}
        plain { $($plain:ident ($($pa:ident: $pt:ty),*) -> $result:ty = $($pi:ident)::+;)* }
        unsupported { $($none_form:ident $none:ident ($($na:ident: $nt:ty),*);)* }
    ) => {
        $($crate::entry!("MPIX_" guarded, "", $any ($($aa: $at),*) = $($ai)::+);)*
        $($crate::entry!("MPIX_" enter, "", $run ($($ra: $rt),*) = $($ri)::+);)*
        $($crate::entry!("MPIX_" plain $plain ($($pa: $pt),*) -> $result = $($pi)::+);)*
        $($crate::entry!("MPIX_" unsupported, "", $none ($($na: $nt),*));)*
    };
}

/// What MPICH's Fortran wrappers call besides.
#[macro_export]
#[doc(hidden)]
macro_rules! fortran_entries {
    (
        anytime { $($any_form:ident $any:ident ($($aa:ident: $at:ty),*) = $($ai:ident)::+;)* }
        running { $($run_form:ident $run:ident ($($ra:ident: $rt:ty),*) = $($ri:ident)::+;)* }
        collectives {}
        plain { $($plain:ident ($($pa:ident: $pt:ty),*) -> $result:ty = $($pi:ident)::+;)* }
        unsupported { $($none_form:ident $none:ident ($($na:ident: $nt:ty),*);)* }
    ) => {
        $($crate::entry!("MPII_" guarded, "", $any ($($aa: $at),*) = $($ai)::+);)*
        $($crate::entry!("MPII_" enter, "", $run ($($ra: $rt),*) = $($ri)::+);)*
        $($crate::entry!("MPII_" plain $plain ($($pa: $pt),*) -> $result = $($pi)::+);)*
        $($crate::entry!("MPII_" unsupported, "", $none ($($na: $nt),*));)*
    };
}

/// The large form of those that have one.
#[macro_export]
#[doc(hidden)]
macro_rules! large_entries {
    (
        anytime { $($any_form:ident $any:ident ($($aa:ident: $at:ty),*) = $($ai:ident)::+;)* }
        running { $($run_form:ident $run:ident ($($ra:ident: $rt:ty),*) = $($ri:ident)::+;)* }
        collectives { $($form:ident $blocking:ident $nonblocking:ident $persistent:ident ($($ca:ident: $ct:ty),*) = $($ci:ident)::+;)* }
        plain { $($plain:tt)* }
        unsupported { $($none_form:ident $none:ident ($($na:ident: $nt:ty),*);)* }
    ) => {
        $($crate::large_entry!($any_form guarded, $any ($($aa: $at),*) = $($ai)::+);)*
        $($crate::large_entry!($run_form enter, $run ($($ra: $rt),*) = $($ri)::+);)*
        $($crate::large_entry!($form collective, $blocking $nonblocking $persistent ($($ca: $ct),*) = $($ci)::+);)*
        $($crate::large_entry!($none_form unsupported, $none ($($na: $nt),*));)*
    };
}

/// The large form of one function, if it has one.
#[macro_export]
#[doc(hidden)]
macro_rules! large_entry {
    (one $($rest:tt)*) => {};
    (both $how:ident, $($rest:tt)*) => { $crate::entry!("MPI_" $how, "_c", $($rest)*); };
}
