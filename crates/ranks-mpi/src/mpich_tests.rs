use super::*;
use crate::abi::builtin;

#[test]
fn predefined_handles_have_mpich_values() {
    assert_eq!(Comm::encode(Ref::Builtin(builtin::WORLD)).0 as u32, 0x4400_0000);
    assert_eq!(Comm::encode(Ref::Builtin(builtin::SELF)).0 as u32, 0x4400_0001);
    assert_eq!(Comm::NULL.0, 0x0400_0000);
    assert_eq!(Errhandler::encode(Ref::Builtin(builtin::ABORT)).0 as u32, 0x5400_0003);
    assert_eq!(Message::encode(Ref::Builtin(builtin::NO_PROC)).0 as u32, 0x6c00_0000);
    assert_eq!(Info::encode(Ref::Builtin(builtin::INFO_ENV)).0 as u32, 0x5c00_0001);
    assert_eq!(Op::encode(Ref::Builtin(2)).0 as u32, 0x5800_0003);
}

#[test]
fn handles_round_trip() {
    for key in [0, 1, 2, 77, (1 << 26) - 1] {
        assert_eq!(Comm::encode(Ref::Dynamic(key)).decode(), Ref::Dynamic(key));
        assert_eq!(Request::encode(Ref::Dynamic(key)).decode(), Ref::Dynamic(key));
        assert_eq!(Message::encode(Ref::Dynamic(key)).decode(), Ref::Dynamic(key));
        assert_eq!(Group::encode(Ref::Dynamic(key)).decode(), Ref::Dynamic(key));
    }
    assert_eq!(Comm::NULL.decode(), Ref::Null);
    assert_eq!(Comm(0).decode(), Ref::Invalid);
    assert_eq!(Comm(Group::encode(Ref::Dynamic(3)).0).decode(), Ref::Invalid);
    assert_eq!(Request(Message::encode(Ref::Dynamic(3)).0).decode(), Ref::Invalid);
}

#[test]
fn datatypes_round_trip_and_carry_their_size() {
    for (at, basic) in BASIC.iter().enumerate() {
        let handle = Datatype::encode(Ref::Builtin(at as u32));
        assert_eq!(handle.decode(), Ref::Builtin(at as u32), "{}", basic.name);
        if basic.mpich >> 16 == 0x4c00 {
            assert_eq!(basic.mpich >> 8 & 0xff, basic.size as u32, "{}", basic.name);
        }
    }
    assert_eq!(Datatype(0x4c00_0805).decode(), Ref::Invalid, "an int of eight bytes");
    assert_eq!(Datatype(0x4c00_0000).decode(), Ref::Invalid);
    assert_eq!(Datatype(0x8c00_0005u32 as c_int).decode(), Ref::Invalid);
    assert_eq!(Datatype::encode(Ref::Dynamic(0)).decode(), Ref::Dynamic(0));
    assert_eq!(Datatype::NULL.decode(), Ref::Null);
}

#[test]
fn a_status_holds_63_bits_of_count_and_leaves_the_error() {
    for bytes in [0, 1, u32::MAX as u64, 1 << 32, 3 << 30, (1 << 62) - 1] {
        for cancelled in [false, true] {
            let status = ranks_engine::Status { source: 3, tag: 9, bytes, cancelled, mark: 0 };
            let raw = Mpich::status(Status { error: 77, ..Status::default() }, &status);
            let back = Mpich::read_status(&raw);
            assert_eq!((back.bytes, back.cancelled, back.source, back.tag), (bytes, cancelled, 3, 9));
            assert_eq!(raw.error, 77);
        }
    }
}

#[test]
fn keyvals_round_trip() {
    assert_eq!(Mpich::keyval_in(0x6440_0001), Keyval::Predefined(Predefined::TagUb));
    assert_eq!(Mpich::keyval_in(Mpich::keyval_out(5)), Keyval::Dynamic(5));
    assert_eq!(Mpich::keyval_in(Mpich::KEYVAL_INVALID), Keyval::Invalid);
}
