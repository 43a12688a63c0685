//! Paths and queries of REST requests.

/// The `key=value` pairs of a query, in order; what is not a pair is left out. Values are taken as
/// they are: nothing asked for here needs an escape.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

/// The last value of a key, if it is there and not empty.
pub(super) fn value<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    pairs(query).filter(|(name, value)| *name == key && !value.is_empty()).map(|(_, value)| value).last()
}
