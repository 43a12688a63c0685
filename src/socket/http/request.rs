//! Writes one HTTP/1.1 request into a buffer that is used again.

use super::HttpFault;
use std::io::Write;

/// Who we say we are; some front ends refuse requests that do not.
const USER_AGENT: &str = concat!("kalshi-trader/", env!("CARGO_PKG_VERSION"));

/// A request: method, path with query, headers beside those written here, body.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

impl Request<'_> {
    /// Writes it whole, `host` being the `Host` header.
    pub(super) fn write(&self, host: &str, out: &mut Vec<u8>) -> Result<(), HttpFault> {
        if !self.is_one_request() {
            return Err(HttpFault::Unwritable);
        }
        out.clear();
        for part in [self.method, " ", self.path, " HTTP/1.1\r\nHost: ", host, "\r\nUser-Agent: ", USER_AGENT, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        for (name, value) in self.headers {
            for part in [name, ": ", value, "\r\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        if !self.body.is_empty() || matches!(self.method, "POST" | "PUT" | "PATCH") {
            // Writing to a vector does not fail.
            let _ = write!(out, "Content-Length: {}\r\n", self.body.len());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.body);
        Ok(())
    }

    /// Whether no part of it could end a line, and with it the request, early.
    fn is_one_request(&self) -> bool {
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_name = |text: &str| is_word(text) && !text.contains(':');
        let is_value = |text: &str| text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        is_word(self.method)
            && is_word(self.path)
            && self.path.starts_with('/')
            && self.headers.iter().all(|(name, value)| is_name(name) && is_value(value))
    }
}
