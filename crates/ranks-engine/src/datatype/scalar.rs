//! The basic types, as far as packing and `external32` must know them.

/// What a scalar is, for conversion to `external32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Bytes that nobody interprets.
    Bytes,
    /// A number of a byte order: signed integers are extended when they get longer.
    Signed,
    /// An unsigned number of a byte order, or a logical value: it gets longer by zeros.
    Unsigned,
    /// A floating-point number, of the same format in both representations.
    Float,
    /// The extended format of x86: it becomes IEEE's format of 128 bits.
    Extended,
}

/// A basic type: one element of MPI_Get_elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scalar {
    /// Bytes in memory.
    pub size: u8,
    /// Bytes in `external32`.
    pub external: u8,
    /// Its alignment in memory.
    pub align: u8,
    /// Numbers in it: two in a complex one.
    pub lanes: u8,
    /// What these are.
    pub kind: Kind,
}

impl Scalar {
    const fn of(size: u8, kind: Kind) -> Self {
        Self { size, external: size, align: size, lanes: 1, kind }
    }

    /// `u8` as a number or a character.
    pub const U8: Self = Self::of(1, Kind::Unsigned);
    /// `i8`.
    pub const I8: Self = Self::of(1, Kind::Signed);
    /// `u16`.
    pub const U16: Self = Self::of(2, Kind::Unsigned);
    /// `i16`.
    pub const I16: Self = Self::of(2, Kind::Signed);
    /// `u32`.
    pub const U32: Self = Self::of(4, Kind::Unsigned);
    /// `i32`.
    pub const I32: Self = Self::of(4, Kind::Signed);
    /// `u64`.
    pub const U64: Self = Self::of(8, Kind::Unsigned);
    /// `i64`.
    pub const I64: Self = Self::of(8, Kind::Signed);
    /// `i128`.
    pub const I128: Self = Self::of(16, Kind::Signed);
    /// `f32`.
    pub const F32: Self = Self::of(4, Kind::Float);
    /// `f64`.
    pub const F64: Self = Self::of(8, Kind::Float);
    /// A byte.
    pub const BYTE: Self = Self::of(1, Kind::Bytes);

    /// With another length in `external32`.
    pub const fn external(self, external: u8) -> Self {
        Self { external, ..self }
    }

    /// Two of them as one complex number.
    pub const fn complex(self) -> Self {
        Self { size: 2 * self.size, external: 2 * self.external, lanes: 2, ..self }
    }

    /// A scalar of `size` bytes that only changes its byte order.
    pub const fn float(size: u8) -> Self {
        Self::of(size, Kind::Float)
    }

    /// C's `long double` on x86.
    pub const EXTENDED: Self = Self::of(16, Kind::Extended);

    /// Converts one: `native` as it is in memory, `external` as in the file.
    pub(super) fn to_external(self, native: &[u8], external: &mut [u8]) {
        let (from, to) = (native.len() / self.lanes as usize, external.len() / self.lanes as usize);
        for (native, external) in native.chunks(from).zip(external.chunks_mut(to)) {
            match self.kind {
                Kind::Bytes => external.copy_from_slice(native),
                Kind::Extended => external.copy_from_slice(&quad_of(native).to_be_bytes()),
                Kind::Float | Kind::Signed | Kind::Unsigned => {
                    let fill = if self.kind == Kind::Signed && little(native) >> 7 != 0 { 0xff } else { 0 };
                    external.fill(fill);
                    let here = from.min(to);
                    for at in 0..here {
                        external[to - 1 - at] = native_byte(native, at);
                    }
                }
            }
        }
    }

    /// The way back.
    pub(super) fn to_native(self, external: &[u8], native: &mut [u8]) {
        let (from, to) = (external.len() / self.lanes as usize, native.len() / self.lanes as usize);
        for (external, native) in external.chunks(from).zip(native.chunks_mut(to)) {
            match self.kind {
                Kind::Bytes => native.copy_from_slice(external),
                Kind::Extended => extended_of(external, native),
                Kind::Float | Kind::Signed | Kind::Unsigned => {
                    let fill = if self.kind == Kind::Signed && external[0] >> 7 != 0 { 0xff } else { 0 };
                    native.fill(fill);
                    for at in 0..from.min(to) {
                        set_native_byte(native, at, external[from - 1 - at]);
                    }
                }
            }
        }
    }
}

/// The most significant byte.
fn little(native: &[u8]) -> u8 {
    native_byte(native, native.len() - 1)
}

/// Byte `at` from the least significant one.
fn native_byte(native: &[u8], at: usize) -> u8 {
    if cfg!(target_endian = "little") { native[at] } else { native[native.len() - 1 - at] }
}

fn set_native_byte(native: &mut [u8], at: usize, byte: u8) {
    let place = if cfg!(target_endian = "little") { at } else { native.len() - 1 - at };
    native[place] = byte;
}

/// From x86's extended format (an explicit leading bit, 63 bits of fraction) to the one of 128 bits. Other
/// machines have the latter anyway.
fn quad_of(native: &[u8]) -> u128 {
    let whole = u128::from_ne_bytes(native.try_into().unwrap_or([0; 16]));
    if cfg!(not(any(target_arch = "x86_64", target_arch = "x86"))) {
        return whole;
    }
    let (sign_exponent, fraction) = (whole >> 64 & 0xffff, whole & ((1 << 63) - 1));
    sign_exponent << 112 | fraction << 49
}

fn extended_of(external: &[u8], native: &mut [u8]) {
    let quad = u128::from_be_bytes(external.try_into().unwrap_or([0; 16]));
    if cfg!(not(any(target_arch = "x86_64", target_arch = "x86"))) {
        native.copy_from_slice(&quad.to_ne_bytes());
        return;
    }
    let (sign_exponent, fraction) = (quad >> 112, (quad >> 49) & ((1 << 63) - 1));
    let leading = u128::from(sign_exponent & 0x7fff != 0) << 63;
    native.copy_from_slice(&(sign_exponent << 64 | leading | fraction).to_ne_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_change_their_byte_order_and_length() {
        let mut out = [0; 8];
        Scalar::I32.to_external(&(-2i32).to_ne_bytes(), &mut out[..4]);
        assert_eq!(out[..4], (-2i32).to_be_bytes());
        let long = Scalar::I64.external(4);
        long.to_external(&(-3i64).to_ne_bytes(), &mut out[..4]);
        assert_eq!(out[..4], (-3i32).to_be_bytes());
        let mut back = [0; 8];
        long.to_native(&out[..4], &mut back);
        assert_eq!(i64::from_ne_bytes(back), -3);
        let pair = [1.5f32.to_ne_bytes(), (-2.5f32).to_ne_bytes()].concat();
        Scalar::F32.complex().to_external(&pair, &mut out);
        assert_eq!(out[..], [1.5f32.to_be_bytes(), (-2.5f32).to_be_bytes()].concat());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_extended_format_becomes_the_one_of_128_bits() {
        // 1.5: exponent 16383, leading bit and the first bit of the fraction.
        let native = (16383u128 << 64 | 0xc000_0000_0000_0000).to_ne_bytes();
        let mut out = [0; 16];
        Scalar::EXTENDED.to_external(&native, &mut out);
        assert_eq!(u128::from_be_bytes(out), 16383 << 112 | 1 << 111);
        let mut back = [0; 16];
        Scalar::EXTENDED.to_native(&out, &mut back);
        assert_eq!(back, native);
    }
}
