//! Datatypes: MPI 5.0 chapter 5.

/// The functions of this chapter, given to the macro `$with`.
#[macro_export]
#[doc(hidden)]
macro_rules! datatype_functions {
    ($with:ident) => {
        $with! {
            anytime {}
            running {
                both Type_size(datatype: Datatype, size: *mut Count) = datatype::size;
                one  Type_size_x(datatype: Datatype, size: *mut LargeCount) = datatype::size;
                both Type_get_extent(datatype: Datatype, lb: *mut Extent, extent: *mut Extent) = datatype::extent;
                one  Type_get_extent_x(datatype: Datatype, lb: *mut LargeCount, extent: *mut LargeCount) = datatype::extent;
                both Type_get_true_extent(datatype: Datatype, true_lb: *mut Extent, true_extent: *mut Extent) = datatype::true_extent;
                one  Type_get_true_extent_x(datatype: Datatype, true_lb: *mut LargeCount, true_extent: *mut LargeCount) = datatype::true_extent;
                one  Type_commit(datatype: *mut Datatype) = datatype::commit;
                one  Type_free(datatype: *mut Datatype) = datatype::free;
                one  Type_get_name(datatype: Datatype, type_name: *mut c_char, resultlen: *mut c_int) = datatype::name;
                one  Type_get_envelope(datatype: Datatype, num_integers: *mut c_int, num_addresses: *mut c_int, num_datatypes: *mut c_int, combiner: *mut c_int) = datatype::envelope;
            }
            plain {}
            unsupported {
                Pack(inbuf: *const c_void, incount: c_int, datatype: Datatype, outbuf: *mut c_void, outsize: c_int, position: *mut c_int, comm: Comm);
                Pack_external(datarep: *const c_char, inbuf: *const c_void, incount: c_int, datatype: Datatype, outbuf: *mut c_void, outsize: Aint, position: *mut Aint);
                Pack_external_size(datarep: *const c_char, incount: c_int, datatype: Datatype, size: *mut Aint);
                Pack_size(incount: c_int, datatype: Datatype, comm: Comm, size: *mut c_int);
                Type_contiguous(count: c_int, oldtype: Datatype, newtype: *mut Datatype);
                Type_create_darray(size: c_int, rank: c_int, ndims: c_int, array_of_gsizes: *const c_int, array_of_distribs: *const c_int, array_of_dargs: *const c_int, array_of_psizes: *const c_int, order: c_int, oldtype: Datatype, newtype: *mut Datatype);
                Type_create_hindexed(count: c_int, array_of_blocklengths: *const c_int, array_of_displacements: *const Aint, oldtype: Datatype, newtype: *mut Datatype);
                Type_create_hindexed_block(count: c_int, blocklength: c_int, array_of_displacements: *const Aint, oldtype: Datatype, newtype: *mut Datatype);
                Type_create_hvector(count: c_int, blocklength: c_int, stride: Aint, oldtype: Datatype, newtype: *mut Datatype);
                Type_create_indexed_block(count: c_int, blocklength: c_int, array_of_displacements: *const c_int, oldtype: Datatype, newtype: *mut Datatype);
                Type_create_keyval(type_copy_attr_fn: Option<Callback>, type_delete_attr_fn: Option<Callback>, type_keyval: *mut c_int, extra_state: *mut c_void);
                Type_create_resized(oldtype: Datatype, lb: Aint, extent: Aint, newtype: *mut Datatype);
                Type_create_struct(count: c_int, array_of_blocklengths: *const c_int, array_of_displacements: *const Aint, array_of_types: *const Datatype, newtype: *mut Datatype);
                Type_create_subarray(ndims: c_int, array_of_sizes: *const c_int, array_of_subsizes: *const c_int, array_of_starts: *const c_int, order: c_int, oldtype: Datatype, newtype: *mut Datatype);
                Type_delete_attr(datatype: Datatype, type_keyval: c_int);
                Type_dup(oldtype: Datatype, newtype: *mut Datatype);
                Type_free_keyval(type_keyval: *mut c_int);
                Type_get_attr(datatype: Datatype, type_keyval: c_int, attribute_val: *mut c_void, flag: *mut c_int);
                Type_get_contents(datatype: Datatype, max_integers: c_int, max_addresses: c_int, max_datatypes: c_int, array_of_integers: *mut c_int, array_of_addresses: *mut Aint, array_of_datatypes: *mut Datatype);
                Type_indexed(count: c_int, array_of_blocklengths: *const c_int, array_of_displacements: *const c_int, oldtype: Datatype, newtype: *mut Datatype);
                Type_match_size(typeclass: c_int, size: c_int, datatype: *mut Datatype);
                Type_set_attr(datatype: Datatype, type_keyval: c_int, attribute_val: *mut c_void);
                Type_set_name(datatype: Datatype, type_name: *const c_char);
                Type_vector(count: c_int, blocklength: c_int, stride: c_int, oldtype: Datatype, newtype: *mut Datatype);
                Unpack(inbuf: *const c_void, insize: c_int, position: *mut c_int, outbuf: *mut c_void, outcount: c_int, datatype: Datatype, comm: Comm);
                Unpack_external(datarep: *const c_char, inbuf: *const c_void, insize: Aint, position: *mut Aint, outbuf: *mut c_void, outcount: c_int, datatype: Datatype);
            }
        }
    };
}
