//! Answers in HTTP/1.1.

use std::io::Write as _;
use trader_journal::units::Nanos;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// Beside those every answer has.
    pub(super) headers: Vec<(&'static str, String)>,
    /// How far the clock that dates it is ahead of the wall's, ns.
    pub(super) ahead_ns: u64,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, body: body.into(), headers: Vec::new(), ahead_ns: 0 }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// Appends it as bytes of the wire, sent at wall time `wall`. A body may be left out (`HEAD`), its length is told.
    pub(super) fn write(&self, out: &mut Vec<u8>, wall: Nanos, keeps_alive: bool, has_body: bool) {
        let kind = if self.body.first() == Some(&b'<') { "text/html" } else { "application/json" };
        let connection = if keeps_alive { "keep-alive" } else { "close" };
        put(out, format_args!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)));
        put(out, format_args!("Date: {}\r\n", date(wall.plus(self.ahead_ns))));
        // What has no content has no length either (RFC 9110, 8.6).
        if self.status != 204 {
            put(out, format_args!("Content-Type: {kind}\r\nContent-Length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            put(out, format_args!("{name}: {value}\r\n"));
        }
        put(out, format_args!("Connection: {connection}\r\n\r\n"));
        if has_body {
            out.extend_from_slice(&self.body);
        }
    }
}

/// Appends the answer that a WebSocket begins with.
pub(super) fn write_upgrade(out: &mut Vec<u8>, wall: Nanos, accept: &str) {
    put(out, format_args!("HTTP/1.1 101 Switching Protocols\r\nDate: {}\r\n", date(wall)));
    put(out, format_args!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"));
}

/// As HTTP writes an instant: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(wall: Nanos) -> String {
    let second = i64::try_from(wall.seconds()).unwrap_or(0);
    let at = jiff::Timestamp::from_second(second).unwrap_or_default();
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Memory does not refuse to be written to.
fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}

const fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_its_length_and_the_walls_time() {
        let mut out = Vec::new();
        Reply::new(201, "{}").with("A", "b").write(&mut out, Nanos(784_111_777_000_000_000), true, true);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), "{text}");
        assert!(text.contains("Content-Length: 2\r\nA: b\r\nConnection: keep-alive\r\n\r\n{}"), "{text}");
    }
}
