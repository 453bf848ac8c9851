//! Products of complex numbers. Sums need nothing: they are sums of the parts.

use super::Row;
use ranks_engine::op::Element;

macro_rules! product {
    ($part:ty) => {
        |input: &[u8], inout: &mut [u8]| {
            const PART: usize = size_of::<$part>();
            let read = |bytes: &[u8; 2 * PART]| {
                let part = |at: usize| <$part>::from_ne_bytes(*bytes[at..].first_chunk().expect("a part"));
                (part(0), part(PART))
            };
            let pairs = input.as_chunks().0.iter().zip(inout.as_chunks_mut().0);
            for (a, b) in pairs {
                let ((ar, ai), (br, bi)) = (read(a), read(b));
                b[..PART].copy_from_slice(&(ar * br - ai * bi).to_ne_bytes());
                b[PART..].copy_from_slice(&(ar * bi + ai * br).to_ne_bytes());
            }
        }
    };
}

/// The product of complex numbers with parts of this type.
pub fn product(on: Element) -> Option<Row> {
    match on {
        Element::F32 => Some(product!(f32)),
        Element::F64 => Some(product!(f64)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i_times_i_is_minus_one() {
        let number = |re: f64, im: f64| [re.to_ne_bytes(), im.to_ne_bytes()].concat();
        let mut inout = number(0.0, 1.0);
        product(Element::F64).unwrap()(&number(0.0, 1.0), &mut inout);
        assert_eq!(inout, number(-1.0, 0.0));
    }
}
