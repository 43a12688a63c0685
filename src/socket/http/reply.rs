//! Reads one HTTP/1.1 reply after another from bytes that come in pieces of any size.
//!
//! No socket is known here. What is understood is taken out of the inbox at once, so the inbox
//! need only hold the head of a reply or a piece of its body, and both buffers are used again.

use super::HttpFault;
use httparse::{EMPTY_HEADER, Header, Response, Status};
use std::io::{self, Read};

/// Header lines of one reply.
const HEADERS_MAX: usize = 64;
/// The line that says how long a chunk is, with whatever a server adds to it.
const CHUNK_LINE_BYTES_MAX: usize = 256;

/// Where in a reply the next byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Head,
    /// So many bytes of the body are missing.
    Body(u64),
    ChunkSize,
    /// So many bytes of this chunk are missing.
    Chunk(u64),
    ChunkEnd,
    Trailer,
    /// The reply is whole.
    Done,
}

/// The reader of one connection.
#[derive(Debug)]
pub(super) struct ReplyReader {
    inbox: Vec<u8>,
    /// The bytes in `inbox` that are not understood yet.
    start: usize,
    end: usize,
    body: Vec<u8>,
    body_bytes_max: usize,
    place: Place,
    status: u16,
    keeps_alive: bool,
}

impl ReplyReader {
    /// Takes heads up to `head_bytes_max` and bodies up to `body_bytes_max`.
    pub(super) fn new(head_bytes_max: usize, body_bytes_max: usize) -> ReplyReader {
        ReplyReader {
            inbox: vec![0; head_bytes_max.max(CHUNK_LINE_BYTES_MAX)],
            start: 0,
            end: 0,
            body: Vec::with_capacity(body_bytes_max.min(16 * 1024)),
            body_bytes_max,
            place: Place::Head,
            status: 0,
            keeps_alive: true,
        }
    }

    /// Status of the reply that is whole, or of the one that is being read.
    pub(super) const fn status(&self) -> u16 {
        self.status
    }

    /// Body of the reply that is whole.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the server lets the connection live after this reply.
    pub(super) const fn keeps_alive(&self) -> bool {
        self.keeps_alive
    }

    /// Whether it holds bytes that belong to no reply that is whole.
    pub(super) const fn has_rest(&self) -> bool {
        self.start < self.end
    }

    /// Forgets the reply that is whole; what came behind it stays.
    pub(super) fn next_reply(&mut self) {
        self.body.clear();
        self.place = Place::Head;
        self.keeps_alive = true;
    }

    /// Forgets everything: another connection begins.
    pub(super) fn restart(&mut self) {
        self.next_reply();
        (self.start, self.end) = (0, 0);
    }

    /// One read of `from` into the inbox; zero at the end of the stream.
    pub(super) fn fill(&mut self, from: &mut impl Read) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.inbox.len() {
            self.inbox.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        // `read` has made sure that what is not understood is shorter than the inbox.
        let came = from.read(&mut self.inbox[self.end..])?;
        self.end += came;
        Ok(came)
    }

    /// Understands what is in the inbox. Whether a reply is whole.
    pub(super) fn read(&mut self) -> Result<bool, HttpFault> {
        while self.place != Place::Done {
            let went_on = match self.place {
                Place::Head => self.read_head()?,
                Place::Body(missing) => self.read_body(missing, Place::Body, Place::Done),
                Place::ChunkSize => self.read_chunk_size()?,
                Place::Chunk(missing) => self.read_body(missing, Place::Chunk, Place::ChunkEnd),
                Place::ChunkEnd => self.read_chunk_end()?,
                Place::Trailer => self.read_trailer()?,
                Place::Done => false,
            };
            if !went_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn unread(&self) -> &[u8] {
        &self.inbox[self.start..self.end]
    }

    fn read_head(&mut self) -> Result<bool, HttpFault> {
        let unread = self.unread();
        let begins = b"HTTP/1.";
        let compared = unread.len().min(begins.len());
        if unread[..compared] != begins[..compared] {
            return Err(HttpFault::Garbage);
        }
        // Parsed only when it is whole: a head that drips in is not parsed once per byte.
        if !unread.windows(4).any(|four| four == b"\r\n\r\n") {
            return if unread.len() == self.inbox.len() { Err(HttpFault::TooLarge) } else { Ok(false) };
        }
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let mut reply = Response::new(&mut headers);
        let Ok(Status::Complete(length)) = reply.parse(unread) else { return Err(HttpFault::Garbage) };
        let (version, status) = (reply.version.unwrap_or(0), reply.code.unwrap_or(0));
        let place = place_after_head(status, reply.headers, self.body_bytes_max)?;
        self.keeps_alive = version == 1 && !says_close(reply.headers);
        self.status = status;
        self.place = place;
        self.start += length;
        Ok(true)
    }

    /// Moves body bytes to where they stay until the reply is whole.
    fn read_body(&mut self, missing: u64, not_yet: fn(u64) -> Place, then: Place) -> bool {
        let here = self.unread().len().min(usize::try_from(missing).unwrap_or(usize::MAX));
        self.body.extend_from_slice(&self.inbox[self.start..self.start + here]);
        self.start += here;
        let missing = missing - here as u64;
        self.place = if missing == 0 { then } else { not_yet(missing) };
        missing == 0
    }

    fn read_chunk_size(&mut self) -> Result<bool, HttpFault> {
        let unread = self.unread();
        let line = &unread[..unread.len().min(CHUNK_LINE_BYTES_MAX)]; // a longer one is refused however it comes
        match httparse::parse_chunk_size(line) {
            Ok(Status::Complete((length, size))) => {
                if size > (self.body_bytes_max - self.body.len()) as u64 {
                    return Err(HttpFault::TooLarge);
                }
                self.start += length;
                self.place = if size == 0 { Place::Trailer } else { Place::Chunk(size) };
                Ok(true)
            }
            Ok(Status::Partial) if line.len() < CHUNK_LINE_BYTES_MAX => Ok(false),
            Ok(Status::Partial) | Err(_) => Err(HttpFault::Garbage),
        }
    }

    fn read_chunk_end(&mut self) -> Result<bool, HttpFault> {
        match self.unread() {
            [b'\r', b'\n', ..] => {
                self.start += 2;
                self.place = Place::ChunkSize;
                Ok(true)
            }
            [] | [b'\r'] => Ok(false),
            _ => Err(HttpFault::Garbage),
        }
    }

    /// Lines after the last chunk, up to an empty one. They say nothing we need.
    fn read_trailer(&mut self) -> Result<bool, HttpFault> {
        let unread = self.unread();
        match unread.windows(2).position(|two| two == b"\r\n") {
            Some(length) => {
                self.start += length + 2;
                self.place = if length == 0 { Place::Done } else { Place::Trailer };
                Ok(true)
            }
            None if unread.len() == self.inbox.len() => Err(HttpFault::TooLarge),
            None => Ok(false),
        }
    }
}

/// What follows a head.
fn place_after_head(status: u16, headers: &[Header<'_>], body_bytes_max: usize) -> Result<Place, HttpFault> {
    match status {
        101 => return Err(HttpFault::Garbage), // nobody asked for another protocol
        100..200 => return Ok(Place::Head),    // the reply itself is still to come
        204 | 304 => return Ok(Place::Done),
        _ => {}
    }
    let mut length = None;
    let mut is_chunked = false;
    for header in headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let said = whole_number(header.value).ok_or(HttpFault::Garbage)?;
            if length.is_some_and(|before| before != said) {
                return Err(HttpFault::Garbage);
            }
            length = Some(said);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if is_chunked || !header.value.eq_ignore_ascii_case(b"chunked") {
                return Err(HttpFault::Garbage);
            }
            is_chunked = true;
        }
    }
    match (length, is_chunked) {
        (None, true) => Ok(Place::ChunkSize),
        (Some(length), false) if length > body_bytes_max as u64 => Err(HttpFault::TooLarge),
        (Some(0), false) => Ok(Place::Done),
        (Some(length), false) => Ok(Place::Body(length)),
        // Both: two readers would see two replies. Neither: only the connection's end would tell the body's.
        (Some(_), true) | (None, false) => Err(HttpFault::Garbage),
    }
}

fn whole_number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

fn says_close(headers: &[Header<'_>]) -> bool {
    let connection = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("connection"));
    let mut words = connection.flat_map(|header| header.value.split(|byte| *byte == b','));
    words.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<Vec<(u16, Vec<u8>, bool)>, HttpFault>;

    /// All replies in `text` when it comes in pieces that end at `cuts`, and whether bytes are left over.
    fn read_all(text: &[u8], cuts: &[usize]) -> (Read, bool) {
        let mut reader = ReplyReader::new(512, 4_096);
        let mut replies = Vec::new();
        let mut from = 0;
        for cut in cuts.iter().copied().chain([text.len()]) {
            let mut piece = &text[from..cut];
            from = cut;
            while !piece.is_empty() {
                reader.fill(&mut piece).expect("a slice can be read");
                loop {
                    match reader.read() {
                        Err(fault) => return (Err(fault), true),
                        Ok(false) => break,
                        Ok(true) => replies.push((reader.status(), reader.body().to_vec(), reader.keeps_alive())),
                    }
                    reader.next_reply();
                }
            }
        }
        (Ok(replies), reader.has_rest() || reader.place != Place::Head)
    }

    const PROPER: [(&str, u16, &str, bool); 9] = [
        ("HTTP/1.1 201 Created\r\nContent-Length: 11\r\nX: y\r\n\r\n{\"order\":1}", 201, "{\"order\":1}", true),
        ("HTTP/1.1 200 OK\r\ncontent-length:0\r\nConnection: close\r\n\r\n", 200, "", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true),
        ("HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n", 204, "", true),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "", true),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n00a;ext=1\r\n, chunked \r\n0\r\n\r\n",
            200,
            "hello, chunked ",
            true,
        ),
        (
            "HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\nconnection: upgrade, Close\r\n\r\n1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n",
            500,
            "x",
            false,
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.",
            200,
            ".",
            true,
        ),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n.", 200, ".", false),
    ];

    #[test]
    fn a_reply_cut_anywhere_is_the_same_reply() {
        for (text, status, body, keeps_alive) in PROPER {
            let expected = (Ok(vec![(status, body.as_bytes().to_vec(), keeps_alive)]), false);
            let bytes = text.as_bytes();
            assert_eq!(read_all(bytes, &[]), expected, "whole: {text:?}");
            for first in 0..bytes.len() {
                assert_eq!(read_all(bytes, &[first]), expected, "cut at {first}: {text:?}");
                for second in first..bytes.len() {
                    assert_eq!(read_all(bytes, &[first, second]), expected, "cut at {first}, {second}: {text:?}");
                }
            }
            assert_eq!(read_all(bytes, &(1..bytes.len()).collect::<Vec<_>>()), expected, "byte by byte: {text:?}");
        }
    }

    #[test]
    fn replies_behind_each_other_are_read_one_by_one() {
        let text = PROPER.map(|(text, ..)| text).concat();
        let expected = PROPER.map(|(_, status, body, keeps_alive)| (status, body.as_bytes().to_vec(), keeps_alive));
        for step in [1, 2, 3, 7, 100, text.len()] {
            let cuts = (1..text.len()).step_by(step).collect::<Vec<_>>();
            assert_eq!(read_all(text.as_bytes(), &cuts), (Ok(expected.to_vec()), false), "pieces of {step}");
        }
    }

    #[test]
    fn a_reply_that_is_cut_off_is_not_whole() {
        for (text, ..) in PROPER {
            for end in 1..text.len() {
                let (read, has_rest) = read_all(&text.as_bytes()[..end], &[]);
                assert_eq!(read, Ok(Vec::new()), "{:?}", &text[..end]);
                // Between an interim reply and the real one nothing is half read.
                assert!(has_rest || text[..end].ends_with("\r\n\r\n"), "{:?}", &text[..end]);
            }
        }
    }

    #[test]
    fn what_is_no_reply_is_refused_wherever_it_is_cut() {
        let length = |value: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n");
        let chunked = |rest: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{rest}");
        let cases = [
            ("SSH-2.0-x\r\n".to_owned(), HttpFault::Garbage),
            ("HTTP/2 200\r\n\r\n".to_owned(), HttpFault::Garbage),
            ("HTTP/1.1 2000 OK\r\n\r\n".to_owned(), HttpFault::Garbage),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n".to_owned(), HttpFault::Garbage),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end".to_owned(), HttpFault::Garbage),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned(), HttpFault::Garbage),
            (length("+1"), HttpFault::Garbage),
            (length("1, 1"), HttpFault::Garbage),
            (length("-1"), HttpFault::Garbage),
            (length(""), HttpFault::Garbage),
            (length("99999999999999999999999"), HttpFault::Garbage),
            (length("1\r\nContent-Length: 2"), HttpFault::Garbage),
            (length("1\r\nTransfer-Encoding: chunked"), HttpFault::Garbage),
            (length("4097"), HttpFault::TooLarge),
            (format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "y".repeat(600)), HttpFault::TooLarge),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_owned(), HttpFault::Garbage),
            (chunked("x\r\n"), HttpFault::Garbage),
            (chunked("-1\r\n"), HttpFault::Garbage),
            (chunked("2\r\nabX\n"), HttpFault::Garbage),
            (chunked("1001\r\n"), HttpFault::TooLarge),
            (chunked("fffffffffffffffff\r\n"), HttpFault::Garbage),
            (chunked(&format!("1;{}", "e".repeat(300))), HttpFault::Garbage),
            (chunked(&format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(300))), HttpFault::Garbage),
            (chunked(&format!("{}1\r\n", "10\r\n0123456789abcdef\r\n".repeat(256))), HttpFault::TooLarge),
            (chunked(&format!("0\r\nT: {}", "t".repeat(600))), HttpFault::TooLarge),
        ];
        for (text, fault) in cases {
            assert_eq!(read_all(text.as_bytes(), &[]).0, Err(fault), "{text:?}");
            let cuts = (1..text.len()).collect::<Vec<_>>();
            assert_eq!(read_all(text.as_bytes(), &cuts).0, Err(fault), "byte by byte: {text:?}");
        }
    }

    proptest::proptest! {
        /// Whatever comes, in whatever pieces: no panic, and the pieces do not matter.
        #[test]
        fn pieces_do_not_matter_even_to_nonsense(
            parts in proptest::collection::vec(0..PARTS.len(), 0..12),
            noise in proptest::collection::vec((0_usize..600, proptest::num::u8::ANY), 0..3),
            mut cuts in proptest::collection::vec(0_usize..600, 0..8),
        ) {
            let mut text = parts.iter().flat_map(|at| PARTS[*at].bytes()).collect::<Vec<_>>();
            for (at, byte) in noise {
                if let Some(place) = text.get_mut(at) {
                    *place = byte;
                }
            }
            cuts.retain(|cut| *cut < text.len());
            cuts.sort_unstable();
            proptest::prop_assert_eq!(read_all(&text, &cuts).0, read_all(&text, &[]).0);
        }
    }

    /// What replies are made of, right and wrong.
    const PARTS: [&str; 16] = [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.0 500 No\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 4096\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Connection: close\r\n",
        "X-Long: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n",
        "\r\n",
        "5\r\n",
        "hello",
        "\r\n0\r\n\r\n",
        "a;b=c\r\n0123456789\r\n",
        "\r",
        "\n",
    ];

    #[test]
    fn a_body_as_long_as_allowed_is_taken() {
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{}", "b".repeat(4_096));
        let (read, has_rest) = read_all(text.as_bytes(), &[100]);
        assert_eq!(read.map(|replies| replies[0].1.len()), Ok(4_096));
        assert!(!has_rest);
    }
}
