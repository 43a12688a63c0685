//! The CRC of one line.

use super::format::BODY_BYTES;
use super::segment::CrcInstruction;

/// Checksums of the lines of one segment: CRC32C over salt, line number, prefix bytes 4..8
/// and body, so that a line is valid in one place of one segment only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checksum {
    /// CRC32C of the salt.
    salted: u32,
    instruction: Option<CrcInstruction>,
}

impl Checksum {
    pub(super) fn new(salt: u64) -> Checksum {
        Checksum { salted: crc32c::crc32c(&salt.to_le_bytes()), instruction: CrcInstruction::detect() }
    }

    /// Never 0, so that a line of zeros, and a line not yet committed, is never valid.
    #[inline]
    pub(super) fn of(&self, line: u32, tag: u32, body: &[u8; BODY_BYTES]) -> u32 {
        let first = u64::from(line) | u64::from(tag) << 32;
        let crc = match self.instruction {
            Some(instruction) => !instruction.fold(!self.salted, first, body),
            None => self.portable(first, body),
        };
        crc.max(1)
    }

    fn portable(&self, first: u64, body: &[u8; BODY_BYTES]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c_append(self.salted, &first.to_le_bytes()), body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_instruction_agrees_with_the_crate(
            salt: u64, line: u32, tag: u32, body in proptest::array::uniform::<_, BODY_BYTES>(any::<u8>()),
        ) {
            let fast = Checksum::new(salt);
            let slow = Checksum { instruction: None, ..fast };
            prop_assert_eq!(fast.of(line, tag, &body), slow.of(line, tag, &body));
        }
    }
}
