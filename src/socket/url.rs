//! The few URLs this program needs: `https://host:port/path` and `wss://host:port/path?query`.

use rustls::pki_types::ServerName;

/// Where to connect to and what to ask for there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Host name or literal address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path and query; begins with `/`.
    pub target: String,
}

/// Why a text is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another scheme, or none.
    #[error("a URL begins with https:// or wss://: nothing is sent in the clear")]
    Scheme,
    /// No host, or one that no certificate can be for.
    #[error("the URL names no usable host: write a name or an address, and no user")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("the URL's port is not a number from 1 to 65535")]
    Port,
    /// The path has a fragment, a space or what is not ASCII.
    #[error("the URL's path may have no space, fragment or control character: write them as %XX")]
    Path,
}

impl Url {
    /// Reads a URL. Without a port it is 443, without a path `/`.
    ///
    /// # Errors
    /// See [`UrlError`].
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("wss://")).ok_or(UrlError::Scheme)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let url = Url { host: host.to_owned(), port, target: whole_target(path)? };
        url.server_name().map(|_| url.clone())
    }

    /// The name its certificate must be for.
    ///
    /// # Errors
    /// The host can be nobody's name.
    pub fn server_name(&self) -> Result<ServerName<'static>, UrlError> {
        ServerName::try_from(self.host.clone()).map_err(|_| UrlError::Host)
    }

    /// What the `Host` header says: the port only when it is not 443.
    #[must_use]
    pub fn host_header(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 443 { host } else { format!("{host}:{}", self.port) }
    }
}

fn split_port(authority: &str) -> Result<(&str, u16), UrlError> {
    let host_end = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[host_end..].rfind(':') {
        None => Ok((authority, 443)),
        Some(at) => {
            let (host, port) = authority.split_at(host_end + at);
            let port = port[1..].parse::<u16>().ok().filter(|port| *port != 0).ok_or(UrlError::Port)?;
            Ok((host, port))
        }
    }
}

fn whole_target(path: &str) -> Result<String, UrlError> {
    if path.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        return Err(UrlError::Path);
    }
    Ok(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Result<(String, u16, String), UrlError> {
        Url::parse(text).map(|url| (url.host, url.port, url.target))
    }

    #[test]
    fn a_url_falls_into_host_port_and_target() {
        let cases = [
            ("https://127.0.0.1:8443/trade-api/v2", ("127.0.0.1", 8443, "/trade-api/v2")),
            (
                "wss://stream.binance.com:9443/stream?streams=a/b@c",
                ("stream.binance.com", 9443, "/stream?streams=a/b@c"),
            ),
            ("wss://localhost", ("localhost", 443, "/")),
            ("https://[::1]:9/x", ("::1", 9, "/x")),
            ("https://host?q=1", ("host", 443, "/?q=1")),
        ];
        for (text, (host, port, target)) in cases {
            assert_eq!(parts(text), Ok((host.to_owned(), port, target.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_with_the_reason() {
        let cases = [
            ("http://host/", UrlError::Scheme),
            ("ws://host/", UrlError::Scheme),
            ("host:1", UrlError::Scheme),
            ("https://", UrlError::Host),
            ("https://user@host/", UrlError::Host),
            ("https://host:0/", UrlError::Port),
            ("https://host:65536/", UrlError::Port),
            ("https://host:/", UrlError::Port),
            ("https://host/a b", UrlError::Path),
            ("https://host/a\r\nX: y", UrlError::Path),
            ("https://host/#part", UrlError::Path),
        ];
        for (text, reason) in cases {
            assert_eq!(parts(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn the_host_header_shows_a_port_that_is_not_the_usual_one() {
        let header = |text| Url::parse(text).unwrap().host_header();
        assert_eq!(header("https://host/"), "host");
        assert_eq!(header("wss://host:8443/"), "host:8443");
        assert_eq!(header("https://[::1]:9/"), "[::1]:9");
    }
}
