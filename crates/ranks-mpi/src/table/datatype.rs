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
                one  Type_dup(oldtype: Datatype, newtype: *mut Datatype) = datatype::dup;
                both Type_contiguous(count: Count, oldtype: Datatype, newtype: *mut Datatype) = datatype::contiguous;
                both Type_vector(count: Count, blocklength: Count, stride: Count, oldtype: Datatype, newtype: *mut Datatype) = datatype::vector;
                both Type_create_hvector(count: Count, blocklength: Count, stride: Extent, oldtype: Datatype, newtype: *mut Datatype) = datatype::hvector;
                both Type_indexed(count: Count, array_of_blocklengths: *const Count, array_of_displacements: *const Count, oldtype: Datatype, newtype: *mut Datatype) = datatype::indexed;
                both Type_create_hindexed(count: Count, array_of_blocklengths: *const Count, array_of_displacements: *const Extent, oldtype: Datatype, newtype: *mut Datatype) = datatype::hindexed;
                both Type_create_indexed_block(count: Count, blocklength: Count, array_of_displacements: *const Count, oldtype: Datatype, newtype: *mut Datatype) = datatype::indexed_block;
                both Type_create_hindexed_block(count: Count, blocklength: Count, array_of_displacements: *const Extent, oldtype: Datatype, newtype: *mut Datatype) = datatype::hindexed_block;
                both Type_create_struct(count: Count, array_of_blocklengths: *const Count, array_of_displacements: *const Extent, array_of_types: *const Datatype, newtype: *mut Datatype) = datatype::structure;
                both Type_create_subarray(ndims: c_int, array_of_sizes: *const Count, array_of_subsizes: *const Count, array_of_starts: *const Count, order: c_int, oldtype: Datatype, newtype: *mut Datatype) = datatype::subarray;
                both Type_create_darray(size: c_int, rank: c_int, ndims: c_int, array_of_gsizes: *const Count, array_of_distribs: *const c_int, array_of_dargs: *const c_int, array_of_psizes: *const c_int, order: c_int, oldtype: Datatype, newtype: *mut Datatype) = datatype::darray;
                both Type_create_resized(oldtype: Datatype, lb: Extent, extent: Extent, newtype: *mut Datatype) = datatype::resized;
                one  Type_create_f90_integer(r: c_int, newtype: *mut Datatype) = datatype::f90_integer;
                one  Type_create_f90_real(p: c_int, r: c_int, newtype: *mut Datatype) = datatype::f90_real;
                one  Type_create_f90_complex(p: c_int, r: c_int, newtype: *mut Datatype) = datatype::f90_complex;
                one  Type_match_size(typeclass: c_int, size: c_int, datatype: *mut Datatype) = datatype::match_size;
                one  Type_get_value_index(value_type: Datatype, index_type: Datatype, pair_type: *mut Datatype) = datatype::value_index;
                one  Type_get_name(datatype: Datatype, type_name: *mut c_char, resultlen: *mut c_int) = datatype::name;
                one  Type_set_name(datatype: Datatype, type_name: *const c_char) = datatype::set_name;
                one  Type_get_envelope(datatype: Datatype, num_integers: *mut c_int, num_addresses: *mut c_int, num_datatypes: *mut c_int, combiner: *mut c_int) = datatype::envelope;
                one  Type_get_envelope_c(datatype: Datatype, num_integers: *mut LargeCount, num_addresses: *mut LargeCount, num_large_counts: *mut LargeCount, num_datatypes: *mut LargeCount, combiner: *mut c_int) = datatype::envelope_large;
                one  Type_get_contents(datatype: Datatype, max_integers: c_int, max_addresses: c_int, max_datatypes: c_int, array_of_integers: *mut c_int, array_of_addresses: *mut Aint, array_of_datatypes: *mut Datatype) = datatype::contents;
                one  Type_get_contents_c(datatype: Datatype, max_integers: LargeCount, max_addresses: LargeCount, max_large_counts: LargeCount, max_datatypes: LargeCount, array_of_integers: *mut c_int, array_of_addresses: *mut Aint, array_of_large_counts: *mut LargeCount, array_of_datatypes: *mut Datatype) = datatype::contents_large;
                both Pack(inbuf: *const c_void, incount: Count, datatype: Datatype, outbuf: *mut c_void, outsize: Count, position: *mut Count, comm: Comm) = datatype::pack;
                both Unpack(inbuf: *const c_void, insize: Count, position: *mut Count, outbuf: *mut c_void, outcount: Count, datatype: Datatype, comm: Comm) = datatype::unpack;
                both Pack_size(incount: Count, datatype: Datatype, comm: Comm, size: *mut Count) = datatype::pack_size;
                both Pack_external(datarep: *const c_char, inbuf: *const c_void, incount: Count, datatype: Datatype, outbuf: *mut c_void, outsize: Extent, position: *mut Extent) = datatype::pack_external;
                both Unpack_external(datarep: *const c_char, inbuf: *const c_void, insize: Extent, position: *mut Extent, outbuf: *mut c_void, outcount: Count, datatype: Datatype) = datatype::unpack_external;
                both Pack_external_size(datarep: *const c_char, incount: Count, datatype: Datatype, size: *mut Extent) = datatype::pack_external_size;
                one  Type_extent(datatype: Datatype, extent: *mut Aint) = deleted::extent;
                one  Type_lb(datatype: Datatype, displacement: *mut Aint) = deleted::lower_bound;
                one  Type_ub(datatype: Datatype, displacement: *mut Aint) = deleted::upper_bound;
                one  Type_hvector(count: c_int, blocklength: c_int, stride: Aint, oldtype: Datatype, newtype: *mut Datatype) = datatype::hvector;
                one  Type_hindexed(count: c_int, array_of_blocklengths: *mut c_int, array_of_displacements: *mut Aint, oldtype: Datatype, newtype: *mut Datatype) = deleted::hindexed;
                one  Type_struct(count: c_int, array_of_blocklengths: *mut c_int, array_of_displacements: *mut Aint, array_of_types: *mut Datatype, newtype: *mut Datatype) = deleted::structure;
                one  Type_create_keyval(type_copy_attr_fn: Option<CopyFunction>, type_delete_attr_fn: Option<DeleteFunction>, type_keyval: *mut c_int, extra_state: *mut c_void) = attribute::create_type_keyval;
                one  Type_free_keyval(type_keyval: *mut c_int) = attribute::free_keyval;
                one  Type_set_attr(datatype: Datatype, type_keyval: c_int, attribute_val: *mut c_void) = attribute::set_type;
                one  Type_get_attr(datatype: Datatype, type_keyval: c_int, attribute_val: *mut c_void, flag: *mut c_int) = attribute::get_type;
                one  Type_delete_attr(datatype: Datatype, type_keyval: c_int) = attribute::delete_type;
            }
            collectives {}
            plain {}
            unsupported {}
        }
    };
}
