//! Paths and queries of REST requests.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// A query without its escapes. No value asked for here holds a `&` or a `=`; a query in which one
/// does stays as it came.
pub(super) fn decoded(query: &str) -> Cow<'_, str> {
    let decoded = percent_decode_str(query).decode_utf8_lossy();
    let marks = |text: &str| text.bytes().filter(|byte| matches!(byte, b'&' | b'=')).count();
    if marks(&decoded) == marks(query) { decoded } else { Cow::Borrowed(query) }
}

/// The `key=value` pairs of a query, in order; what is not a pair is left out.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

/// The last value of a key, if it is there and not empty.
pub(super) fn value<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    pairs(query).filter(|(name, value)| *name == key && !value.is_empty()).map(|(_, value)| value).last()
}
