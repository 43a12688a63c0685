//! Numbers as text, without a formatter: what is written on the way to the wire.

/// Appends digits.
pub(crate) fn put_integer(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(Digits::decimal(value).as_bytes());
}

/// Appends `units` of `10^-places` as a decimal: 6400 with four places is `0.6400`.
pub(crate) fn put_fixed(out: &mut Vec<u8>, units: u64, places: u32) {
    let scale = 10u64.pow(places);
    put_integer(out, units / scale);
    out.push(b'.');
    let decimals = Digits::decimal(scale + units % scale);
    out.extend_from_slice(&decimals.as_bytes()[1..]);
}

/// Appends lower-case hexadecimal digits, at least `width` of them.
pub(crate) fn put_hex(out: &mut Vec<u8>, value: u64, width: usize) {
    let needed = (64 - value.leading_zeros()).div_ceil(4) as usize;
    for place in (0..needed.max(width).max(1)).rev() {
        let nibble = (value >> (4 * place)) as u8 & 0xf;
        out.push(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    }
}

/// A number as digits, without a heap.
pub(crate) struct Digits {
    digits: [u8; 20],
    from: usize,
}

impl Digits {
    pub(crate) const fn decimal(mut value: u64) -> Digits {
        let mut digits = [b'0'; 20];
        let mut from = digits.len() - 1;
        digits[from] += (value % 10) as u8;
        while value >= 10 {
            value /= 10;
            from -= 1;
            digits[from] += (value % 10) as u8;
        }
        Digits { digits, from }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.from..]
    }
}
