//! Reads HTTP/1.1 requests out of the bytes of a connection.
//!
//! Nothing is guessed: what can be read in two ways is refused, because somebody else would read it the other way.

use httparse::{EMPTY_HEADER, Status};

/// Request line and headers may have so many bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// A body may have so many.
pub(super) const BODY_BYTES_MAX: usize = 1 << 20;
/// No request needs more bytes than this, chunks and all.
pub(super) const REQUEST_BYTES_MAX: usize = 2 * BODY_BYTES_MAX + HEAD_BYTES_MAX;
/// A chunk's size line, and all trailers together.
const CHUNK_LINE_BYTES_MAX: usize = 256;
const TRAILER_BYTES_MAX: usize = 4 * 1024;

/// One whole request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query as they came.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The client means to use the connection again.
    pub(super) keeps_alive: bool,
}

impl Request {
    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a header that is a list of words has this one.
    pub(super) fn has_word(&self, name: &str, word: &str) -> bool {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.flat_map(|(_, value)| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
    }

    /// The target without its query: what is signed.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }
}

/// What the bytes so far are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The beginning of a request.
    Partial {
        /// The head is there and asks whether the body may be sent.
        asks_to_continue: bool,
    },
    /// A request, and how many bytes it took.
    Whole(Request, usize),
    /// Nothing that can be answered but with this status; the connection is of no more use.
    Bad(u16),
}

const PARTIAL: Reading = Reading::Partial { asks_to_continue: false };

/// Reads the first request in `bytes`.
pub(super) fn read(bytes: &[u8]) -> Reading {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    let head_bytes = match head.parse(bytes) {
        Ok(Status::Complete(length)) if length <= HEAD_BYTES_MAX => length,
        Ok(Status::Partial) if bytes.len() <= HEAD_BYTES_MAX => return PARTIAL,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Reading::Bad(431),
        Err(_) => return Reading::Bad(400),
    };
    let Some(mut request) = request_of(&head) else { return Reading::Bad(400) };
    let body = match framing(&request) {
        Framing::Nonsense => return Reading::Bad(400),
        Framing::Unknown => return Reading::Bad(501),
        Framing::Length(length) if length > BODY_BYTES_MAX => return Reading::Bad(413),
        Framing::Length(length) => match bytes.get(head_bytes..head_bytes + length) {
            Some(body) => Body::Whole(body.to_vec(), length),
            None => Body::Partial,
        },
        Framing::Chunked => read_chunks(&bytes[head_bytes..]),
    };
    match body {
        Body::Whole(body, length) => {
            request.body = body;
            Reading::Whole(request, head_bytes + length)
        }
        Body::Partial => Reading::Partial { asks_to_continue: request.has_word("Expect", "100-continue") },
        Body::Bad(status) => Reading::Bad(status),
    }
}

fn request_of(head: &httparse::Request<'_, '_>) -> Option<Request> {
    let is_new = head.version? == 1;
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    let headers = head.headers.iter().map(|header| Some((header.name.to_owned(), text(header.value)?)));
    let mut request = Request {
        method: head.method?.to_owned(),
        target: head.path?.to_owned(),
        headers: headers.collect::<Option<_>>()?,
        ..Request::default()
    };
    let hosts = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Host")).count();
    if (is_new && hosts != 1) || !request.target.starts_with('/') {
        return None;
    }
    request.keeps_alive =
        if is_new { !request.has_word("Connection", "close") } else { request.has_word("Connection", "keep-alive") };
    Some(request)
}

// ---- bodies --------------------------------------------------------------------------------------

enum Framing {
    Length(usize),
    Chunked,
    /// Two lengths, or a length that is none.
    Nonsense,
    /// A coding that is not known here.
    Unknown,
}

fn framing(request: &Request) -> Framing {
    let values = |name: &'static str| {
        request.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let mut lengths = values("Content-Length");
    let mut codings = values("Transfer-Encoding");
    match (lengths.next(), codings.next()) {
        (None, None) => Framing::Length(0),
        (Some(length), None) if lengths.all(|other| other == length) => {
            let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { Framing::Length(length.parse().unwrap_or(usize::MAX)) } else { Framing::Nonsense }
        }
        (None, Some(coding)) if codings.next().is_none() => {
            if coding.trim().eq_ignore_ascii_case("chunked") {
                Framing::Chunked
            } else {
                Framing::Unknown
            }
        }
        _ => Framing::Nonsense,
    }
}

enum Body {
    Whole(Vec<u8>, usize),
    Partial,
    Bad(u16),
}

/// Chunks, the last one empty, then trailers that nobody asked for, then an empty line.
fn read_chunks(bytes: &[u8]) -> Body {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let (digits, size) = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(Status::Complete((digits, size))) if digits <= CHUNK_LINE_BYTES_MAX => (digits, size),
            Ok(Status::Partial) if bytes.len() - at <= CHUNK_LINE_BYTES_MAX => return Body::Partial,
            Ok(_) | Err(_) => return Body::Bad(400),
        };
        at += digits;
        if size == 0 {
            return read_trailers(bytes, at, body);
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > BODY_BYTES_MAX - body.len() {
            return Body::Bad(413);
        }
        match bytes.get(at..at + size + 2) {
            Some(chunk) if chunk.ends_with(b"\r\n") => body.extend_from_slice(&chunk[..size]),
            Some(_) => return Body::Bad(400),
            None => return Body::Partial,
        }
        at += size + 2;
    }
}

fn read_trailers(bytes: &[u8], at: usize, body: Vec<u8>) -> Body {
    let mut trailers = [EMPTY_HEADER; HEADERS_MAX];
    match httparse::parse_headers(&bytes[at..], &mut trailers) {
        Ok(Status::Complete((length, _))) if length <= TRAILER_BYTES_MAX => Body::Whole(body, at + length),
        Ok(Status::Partial) if bytes.len() - at <= TRAILER_BYTES_MAX => Body::Partial,
        Ok(_) | Err(_) => Body::Bad(400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "POST /a?b=c HTTP/1.1\r\nHost: x\r\n";

    fn whole(text: &str) -> (Request, usize) {
        match read(text.as_bytes()) {
            Reading::Whole(request, length) => (request, length),
            other => panic!("{other:?} of {text:?}"),
        }
    }

    #[test]
    fn a_request_is_read_to_its_end_and_no_further() {
        let text = format!("{POST}Content-Length: 3\r\n\r\nabcGET ");
        let (request, length) = whole(&text);
        assert_eq!((request.method.as_str(), request.path(), request.body.as_slice()), ("POST", "/a", &b"abc"[..]));
        assert_eq!(&text[length..], "GET ");
        assert!(request.keeps_alive);
    }

    #[test]
    fn every_prefix_is_partial_and_the_whole_is_the_same_however_it_came() {
        let bodies = [
            "Content-Length: 5\r\n\r\nhello",
            "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
        ];
        for body in bodies {
            let text = format!("{POST}{body}");
            for cut in 0..text.len() {
                assert_eq!(read(&text.as_bytes()[..cut]), PARTIAL, "{:?}", &text[..cut]);
            }
            let (request, length) = whole(&text);
            assert_eq!((request.body.as_slice(), length), (&b"hello"[..], text.len()));
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let cases = [
            ("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
            ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("Content-Length: +3\r\n\r\nabc", 400),
            ("Content-Length: \r\n\r\n", 400),
            ("Content-Length: 99999999999999999999\r\n\r\n", 413),
            ("Content-Length: 1048577\r\n\r\n", 413),
            ("Transfer-Encoding: gzip\r\n\r\n", 501),
            ("Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413),
            ("Host: y\r\n\r\n", 400),
            ("no colon\r\n\r\n", 400),
        ];
        for (rest, status) in cases {
            assert_eq!(read(format!("{POST}{rest}").as_bytes()), Reading::Bad(status), "{rest:?}");
        }
        for garbage in ["\x16\x03\x01\x02\x00\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET x HTTP/1.1\r\nHost: x\r\n\r\n"] {
            assert_eq!(read(garbage.as_bytes()), Reading::Bad(400), "{garbage:?}");
        }
    }

    #[test]
    fn heads_have_a_limit() {
        let long = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}", "a".repeat(HEAD_BYTES_MAX));
        assert_eq!(read(long.as_bytes()), Reading::Bad(431));
        let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX));
        assert_eq!(read(many.as_bytes()), Reading::Bad(431));
    }

    #[test]
    fn a_client_that_waits_to_be_asked_for_its_body_is_seen() {
        let text = format!("{POST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
        assert_eq!(read(text.as_bytes()), Reading::Partial { asks_to_continue: true });
    }

    #[test]
    fn connections_are_kept_as_the_version_says() {
        for (text, keeps) in [
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false),
        ] {
            assert_eq!(whole(text).0.keeps_alive, keeps, "{text}");
        }
    }
}
