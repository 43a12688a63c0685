//! A pull scanner over JSON text: nothing is copied, nothing allocated, no byte makes it panic.
//!
//! It is strict: what it accepts, a full parser accepts with the same meaning. Two things it
//! refuses although JSON allows them, because nothing we read needs them and they are ways to
//! be misread: keys written with escapes, and a field given twice.

use trader_journal::event::FrameFault;

/// The most containers inside one another that are passed over.
pub const DEPTH_MAX: u32 = 32;

/// What reading gives: a value, or why the frame is refused.
pub type Read<T> = Result<T, FrameFault>;

/// A place in a JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The inside of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The bytes between the quotes, escapes as written.
    pub raw: &'a [u8],
    /// Whether there is an escape among them.
    pub escaped: bool,
}

impl<'a> Cursor<'a> {
    /// The start of a text.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0 }
    }

    /// Reads an object, giving `member` each key with the cursor on its value; `member` must
    /// consume the value.
    ///
    /// # Errors
    /// `BadField` when another kind of value stands here, `Malformed` for broken JSON, and what `member` says.
    #[inline]
    pub fn object(&mut self, mut member: impl FnMut(&'a [u8], &mut Cursor<'a>) -> Read<()>) -> Read<()> {
        self.open(b'{')?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.key()?;
            member(key, self)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads an array, calling `item` with the cursor on each value; `item` must consume it.
    ///
    /// # Errors
    /// As [`object`](Self::object).
    #[inline]
    pub fn array(&mut self, mut item: impl FnMut(&mut Cursor<'a>) -> Read<()>) -> Read<()> {
        self.open(b'[')?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            item(self)?;
            if !self.more(b']')? {
                return Ok(());
            }
        }
    }

    /// Reads a string.
    ///
    /// # Errors
    /// `BadField` when another kind of value stands here, `Malformed` for broken JSON.
    #[inline]
    pub fn text(&mut self) -> Read<Text<'a>> {
        self.open(b'"')?;
        self.string_rest()
    }

    /// Reads a string without escapes: every identifier, decimal and word of the venues is one.
    ///
    /// # Errors
    /// As [`text`](Self::text); `BadField` for an escape.
    #[inline]
    pub fn plain(&mut self) -> Read<&'a [u8]> {
        let text = self.text()?;
        if text.escaped { Err(FrameFault::BadField) } else { Ok(text.raw) }
    }

    /// Reads a number as the text it is written in.
    ///
    /// # Errors
    /// `BadField` when another kind of value stands here, `Malformed` for broken JSON.
    #[inline]
    pub fn number(&mut self) -> Read<&'a [u8]> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number_rest(),
            other => Err(wrong_kind(other)),
        }
    }

    /// Reads a number without sign, point or exponent.
    ///
    /// # Errors
    /// As [`number`](Self::number); `BadField` for another form or more than 64 bits.
    #[inline]
    pub fn integer(&mut self) -> Read<u64> {
        self.peek();
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        match leading_digits(rest) {
            Some((value, used)) if !matches!(rest.get(used), Some(b'.' | b'e' | b'E')) => {
                self.at += used;
                Ok(value)
            }
            _ => digits(self.number()?).ok_or(FrameFault::BadField),
        }
    }

    /// Reads a decimal given as a number or as a string: the venue changed some from one to the other.
    ///
    /// # Errors
    /// As [`number`](Self::number) and [`plain`](Self::plain).
    #[inline]
    pub fn decimal(&mut self) -> Read<&'a [u8]> {
        if self.peek() == Some(b'"') { self.plain() } else { self.number() }
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// `BadField` when another kind of value stands here, `Malformed` for broken JSON.
    #[inline]
    pub fn boolean(&mut self) -> Read<bool> {
        match self.peek() {
            Some(b't') => self.word(b"true").map(|()| true),
            Some(b'f') => self.word(b"false").map(|()| false),
            other => Err(wrong_kind(other)),
        }
    }

    /// `None` for `null`, else what `read` reads.
    ///
    /// # Errors
    /// What `read` says, `Malformed` for broken JSON.
    #[inline]
    pub fn nullable<T>(&mut self, read: impl FnOnce(&mut Cursor<'a>) -> Read<T>) -> Read<Option<T>> {
        if self.peek() == Some(b'n') {
            return self.word(b"null").map(|()| None);
        }
        read(self).map(Some)
    }

    /// The first byte of the next value, which tells its kind.
    #[inline(always)]
    pub fn peek(&mut self) -> Option<u8> {
        match self.bytes.get(self.at) {
            // Every blank is below; what else is below is no start of anything.
            Some(byte) if *byte > b' ' => Some(*byte),
            _ => self.peek_behind_blanks(),
        }
    }

    fn peek_behind_blanks(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// What stands from here on, for a reader that knows a layout.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Passes over bytes that such a reader has read: one whole value.
    pub(crate) const fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Passes over any value.
    ///
    /// # Errors
    /// `Malformed` for broken JSON or more than [`DEPTH_MAX`] containers inside one another.
    pub fn skip(&mut self) -> Read<()> {
        self.skip_within(DEPTH_MAX)
    }

    /// Passes over any value and gives the bytes it is written in.
    ///
    /// # Errors
    /// As [`skip`](Self::skip).
    pub fn span(&mut self) -> Read<&'a [u8]> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(&self.bytes[start..self.at])
    }

    /// Only blanks may follow: the recorded frames end with a line feed.
    ///
    /// # Errors
    /// `Malformed` when something else follows.
    #[inline]
    pub fn end(&mut self) -> Read<()> {
        if self.peek().is_none() { Ok(()) } else { Err(FrameFault::Malformed) }
    }

    fn skip_within(&mut self, depth: u32) -> Read<()> {
        let inside = depth.checked_sub(1).ok_or(FrameFault::Malformed)?;
        match self.peek() {
            Some(b'"') => self.text().map(|_| ()),
            Some(b'{') => self.skip_object(inside),
            Some(b'[') => self.array(|item| item.skip_within(inside)),
            Some(b't' | b'f') => self.boolean().map(|_| ()),
            Some(b'n') => self.word(b"null"),
            _ => self.number().map(|_| ()),
        }
    }

    /// As [`object`](Self::object), but keys may hold escapes: nobody reads them.
    fn skip_object(&mut self, inside: u32) -> Read<()> {
        self.open(b'{')?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.text().map_err(|_| FrameFault::Malformed)?;
            self.must_be(b':')?;
            self.skip_within(inside)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    #[inline]
    fn open(&mut self, first: u8) -> Read<()> {
        match self.peek() {
            Some(byte) if byte == first => {
                self.at += 1;
                Ok(())
            }
            other => Err(wrong_kind(other)),
        }
    }

    #[inline(always)]
    fn key(&mut self) -> Read<&'a [u8]> {
        self.must_be(b'"')?;
        let key = self.string_rest()?;
        self.must_be(b':')?;
        if key.escaped { Err(FrameFault::Malformed) } else { Ok(key.raw) }
    }

    #[inline(always)]
    fn must_be(&mut self, byte: u8) -> Read<()> {
        if self.peek() != Some(byte) {
            return Err(FrameFault::Malformed);
        }
        self.at += 1;
        Ok(())
    }

    /// After a value: whether a comma promises another.
    #[inline(always)]
    fn more(&mut self, close: u8) -> Read<bool> {
        let next = self.peek();
        self.at += 1;
        match next {
            Some(b',') => Ok(true),
            Some(byte) if byte == close => Ok(false),
            _ => Err(FrameFault::Malformed),
        }
    }

    fn word(&mut self, word: &[u8]) -> Read<()> {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += word.len();
        if found { Ok(()) } else { Err(FrameFault::Malformed) }
    }

    /// From behind the opening quote.
    #[inline(always)]
    fn string_rest(&mut self) -> Read<Text<'a>> {
        let rest = self.rest();
        let end = special(rest, 0);
        if rest.get(end) != Some(&b'"') {
            return self.string_with_escapes();
        }
        self.at += end + 1;
        Ok(Text { raw: &rest[..end], escaped: false })
    }

    #[cold]
    fn string_with_escapes(&mut self) -> Read<Text<'a>> {
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = special(self.bytes, self.at);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let raw = &self.bytes[start..self.at];
                    self.at += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at = escape_end(self.bytes, self.at).ok_or(FrameFault::Malformed)?;
                }
                _ => return Err(FrameFault::Malformed),
            }
        }
    }

    fn number_rest(&mut self) -> Read<&'a [u8]> {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let leading_zero = self.bytes.get(self.at) == Some(&b'0');
        let whole = self.run_of_digits()?;
        if leading_zero && whole > 1 {
            return Err(FrameFault::Malformed);
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.run_of_digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.run_of_digits()?;
        }
        Ok(&self.bytes[start..self.at])
    }

    fn run_of_digits(&mut self) -> Read<usize> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start { Err(FrameFault::Malformed) } else { Ok(self.at - start) }
    }
}

impl Text<'_> {
    /// Writes the string without its escapes into `room` and gives the part used.
    ///
    /// # Errors
    /// `TooLong` when it does not fit, `BadField` for half of a surrogate pair.
    pub fn unescape<'r>(&self, room: &'r mut [u8]) -> Read<&'r [u8]> {
        let mut used = 0;
        let mut rest = self.raw;
        while let Some((first, behind)) = rest.split_first() {
            if *first != b'\\' {
                put(room, &mut used, &[*first])?;
                rest = behind;
                continue;
            }
            let (character, behind) = unescape_one(behind).ok_or(FrameFault::BadField)?;
            put(room, &mut used, character.encode_utf8(&mut [0; 4]).as_bytes())?;
            rest = behind;
        }
        Ok(&room[..used])
    }
}

fn put(room: &mut [u8], used: &mut usize, bytes: &[u8]) -> Read<()> {
    let end = *used + bytes.len();
    room.get_mut(*used..end).ok_or(FrameFault::TooLong)?.copy_from_slice(bytes);
    *used = end;
    Ok(())
}

/// From behind the backslash.
fn unescape_one(text: &[u8]) -> Option<(char, &[u8])> {
    let (kind, rest) = text.split_first()?;
    let character = match kind {
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return unescape_unicode(rest),
    };
    Some((character, rest))
}

fn unescape_unicode(text: &[u8]) -> Option<(char, &[u8])> {
    let (high, rest) = hex4(text)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Some((char::from_u32(high)?, rest));
    }
    let (low, rest) = hex4(rest.strip_prefix(b"\\u")?)?;
    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)?, rest))
}

fn hex4(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(4)?;
    let value = digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))?;
    Some((value, rest))
}

/// The place behind the escape that starts at `at`.
fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => hex4(bytes.get(at + 2..)?).map(|_| at + 6),
        _ => None,
    }
}

const fn wrong_kind(first: Option<u8>) -> FrameFault {
    match first {
        Some(b'"' | b'{' | b'[' | b't' | b'f' | b'n' | b'-' | b'0'..=b'9') => FrameFault::BadField,
        _ => FrameFault::Malformed,
    }
}

/// Digits without a leading zero, their value and their number; `None` unless there are 1 to 19.
#[inline]
pub(crate) fn leading_digits(text: &[u8]) -> Option<(u64, usize)> {
    let first = text.first_chunk::<8>().and_then(|eight| eight_digits(u64::from_le_bytes(*eight)));
    let (mut value, mut used) = first.map_or((0, 0), |value| (value, 8));
    while let Some(digit) = text.get(used).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9) {
        if used == 19 {
            return None;
        }
        value = value * 10 + u64::from(digit);
        used += 1;
    }
    let leading_zero = used > 1 && text[0] == b'0';
    (used > 0 && !leading_zero).then_some((value, used))
}

/// The number that eight digits make, the first in the lowest byte; `None` if one is none.
///
/// Neighbours are joined three times over: digits to pairs, pairs to fours, fours to eight.
#[inline]
const fn eight_digits(word: u64) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH_HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    // Above nine, six more carry into the high half; above 0xf9 out of the byte, but there the
    // half itself is no 3.
    let nine_at_most = word.wrapping_add(0x0606_0606_0606_0606) & HIGH_HALVES == ZEROS;
    if word & HIGH_HALVES != ZEROS || !nine_at_most {
        return None;
    }
    let digits = word - ZEROS;
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// Reads plain digits; `None` for anything else or more than 64 bits.
#[must_use]
pub fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// The first place from `at` that holds a quote, a backslash or a control character, or the
/// text's end. Eight bytes at a time: strings are most of a frame.
#[inline]
pub(crate) fn special(bytes: &[u8], at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        let found = special_bytes(u64::from_le_bytes(*eight));
        if found != 0 {
            return bytes.len() - rest.len() + found.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    bytes.len() - rest.len() + found.unwrap_or(rest.len())
}

/// The high bit of each byte that is special; exact up to and including the lowest one, the
/// borrow of a subtraction only reaches the bytes above it. With its second bit flipped the
/// quote stands right above the control characters, so that one comparison finds both.
#[inline]
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let backslash_is_zero = word ^ (ONES * b'\\' as u64);
    let quote_is_low = word ^ (ONES * 0x02);
    let found = backslash_is_zero.wrapping_sub(ONES) | quote_is_low.wrapping_sub(ONES * 0x21);
    found & !word & HIGHS
}

/// One field of an object: absent, `null`, or a value, and never given twice.
#[derive(Clone, Copy, Debug)]
pub struct Field<T>(Option<Option<T>>);

impl<T> Default for Field<T> {
    fn default() -> Self {
        Field(None)
    }
}

impl<T> Field<T> {
    /// Reads the field's value.
    ///
    /// # Errors
    /// What `read` says; `Malformed` when the field was given before.
    #[inline]
    pub fn read<'a>(&mut self, cursor: &mut Cursor<'a>, read: impl FnOnce(&mut Cursor<'a>) -> Read<T>) -> Read<()> {
        let value = cursor.nullable(read)?;
        if self.0.replace(value).is_some() { Err(FrameFault::Malformed) } else { Ok(()) }
    }

    /// The value.
    ///
    /// # Errors
    /// `MissingField` when it is absent, `BadField` when it is `null`.
    pub fn required(self) -> Read<T> {
        self.0.ok_or(FrameFault::MissingField)?.ok_or(FrameFault::BadField)
    }

    /// The value, if there is one.
    pub fn optional(self) -> Option<T> {
        self.0.flatten()
    }
}
