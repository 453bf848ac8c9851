//! From the table to C: the macros that make the entry points.

/// Defines every function of the table as `MPI_X` and `PMPI_X`, for the ABI type `$abi`, in a library crate that
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

/// One function under its two names.
#[macro_export]
#[doc(hidden)]
macro_rules! entry {
    ($how:ident, $suffix:literal, $name:ident ($($arg:ident: $type:ty),*) = $($work:ident)::+) => {
        const _: () = {
            #[unsafe(export_name = concat!("MPI_", stringify!($name), $suffix))]
            unsafe extern "C" fn mpi($($arg: $type),*) -> c_int {
                $crate::entry::$how::<Abi>(concat!("MPI_", stringify!($name), $suffix), |call| {
                    // SAFETY: the C program passes what the standard demands of these arguments.
                    $crate::$($work)::+(call, $(unsafe { $crate::argument::Argument::take($arg) }),*)
                })
            }
            #[unsafe(export_name = concat!("PMPI_", stringify!($name), $suffix))]
            unsafe extern "C" fn pmpi($($arg: $type),*) -> c_int {
                $crate::entry::$how::<Abi>(concat!("MPI_", stringify!($name), $suffix), |call| {
                    // SAFETY: as above.
                    $crate::$($work)::+(call, $(unsafe { $crate::argument::Argument::take($arg) }),*)
                })
            }
        };
    };
    (plain $name:ident ($($arg:ident: $type:ty),*) -> $result:ty = $($work:ident)::+) => {
        const _: () = {
            #[unsafe(export_name = concat!("MPI_", stringify!($name)))]
            extern "C" fn mpi($($arg: $type),*) -> $result {
                $crate::$($work)::+($($arg),*)
            }
            #[unsafe(export_name = concat!("PMPI_", stringify!($name)))]
            extern "C" fn pmpi($($arg: $type),*) -> $result {
                $crate::$($work)::+($($arg),*)
            }
        };
    };
    (unsupported $name:ident ($($arg:ident: $type:ty),*)) => {
        const _: () = {
            #[unsafe(export_name = concat!("MPI_", stringify!($name)))]
            extern "C" fn mpi($($arg: $type),*) -> c_int {
                let comms: &[Option<c_int>] = &[$($crate::argument::Argument::communicator(&$arg)),*];
                $crate::entry::unsupported::<Abi>(concat!("MPI_", stringify!($name)), comms)
            }
            #[unsafe(export_name = concat!("PMPI_", stringify!($name)))]
            extern "C" fn pmpi($($arg: $type),*) -> c_int {
                let comms: &[Option<c_int>] = &[$($crate::argument::Argument::communicator(&$arg)),*];
                $crate::entry::unsupported::<Abi>(concat!("MPI_", stringify!($name)), comms)
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
        plain { $($plain:ident ($($pa:ident: $pt:ty),*) -> $result:ty = $($pi:ident)::+;)* }
        unsupported { $($none:ident ($($na:ident: $nt:ty),*);)* }
    ) => {
        $($crate::entry!(guarded, "", $any ($($aa: $at),*) = $($ai)::+);)*
        $($crate::entry!(enter, "", $run ($($ra: $rt),*) = $($ri)::+);)*
        $($crate::entry!(plain $plain ($($pa: $pt),*) -> $result = $($pi)::+);)*
        $($crate::entry!(unsupported $none ($($na: $nt),*));)*
    };
}

/// The large form of those that have one.
#[macro_export]
#[doc(hidden)]
macro_rules! large_entries {
    (
        anytime { $($any_form:ident $any:ident ($($aa:ident: $at:ty),*) = $($ai:ident)::+;)* }
        running { $($run_form:ident $run:ident ($($ra:ident: $rt:ty),*) = $($ri:ident)::+;)* }
        plain { $($plain:tt)* }
        unsupported { $($none:tt)* }
    ) => {
        $($crate::large_entry!($any_form guarded, $any ($($aa: $at),*) = $($ai)::+);)*
        $($crate::large_entry!($run_form enter, $run ($($ra: $rt),*) = $($ri)::+);)*
    };
}

/// The large form of one function, if it has one.
#[macro_export]
#[doc(hidden)]
macro_rules! large_entry {
    (one $($rest:tt)*) => {};
    (both $how:ident, $($rest:tt)*) => { $crate::entry!($how, "_c", $($rest)*); };
}
