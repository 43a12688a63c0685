//! Which markets a list keeps (kalshi.md §2.1).

use super::catalog::Market;
use super::query;
use super::wire::MarketStatus;
use trader_journal::units::Nanos;

/// A time that markets are filtered by. The venue takes one of them at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Created,
    Close,
    Settled,
    Updated,
}

/// The query's words for bounds, and what the venue's own complaint calls them.
const BOUNDS: [(&str, &str, Family, bool); 7] = [
    ("min_created_ts", "MinCreatedTs", Family::Created, true),
    ("max_created_ts", "MaxCreatedTs", Family::Created, false),
    ("min_close_ts", "MinCloseTs", Family::Close, true),
    ("max_close_ts", "MaxCloseTs", Family::Close, false),
    ("min_settled_ts", "MinSettledTs", Family::Settled, true),
    ("max_settled_ts", "MaxSettledTs", Family::Settled, false),
    ("min_updated_ts", "MinUpdatedTs", Family::Updated, true),
];

/// A filter as it was asked for.
pub(super) struct Filter<'a> {
    series: Option<&'a str>,
    event: Option<&'a str>,
    tickers: Option<&'a str>,
    status: Option<&'a str>,
    times: Option<(Family, u64, u64)>,
}

impl<'a> Filter<'a> {
    /// Reads a query.
    ///
    /// # Errors
    /// The venue's name of a time that is not a whole number of seconds, or of a second kind of time.
    pub(super) fn read(query: &'a str) -> Result<Filter<'a>, &'static str> {
        let mut times: Option<(Family, u64, u64)> = None;
        for (key, name, family, is_min) in BOUNDS {
            let Some(text) = query::value(query, key) else { continue };
            let seconds: u64 = text.parse().map_err(|_| name)?;
            let (known, min, max) = times.get_or_insert((family, 0, u64::MAX));
            if *known != family {
                return Err(name);
            }
            *if is_min { min } else { max } = seconds;
        }
        Ok(Filter {
            series: query::value(query, "series_ticker"),
            event: query::value(query, "event_ticker"),
            tickers: query::value(query, "tickers"),
            status: query::value(query, "status"),
            times,
        })
    }

    /// Whether a final market could be kept: a day of them need not be looked through otherwise.
    pub(super) fn wants_final(&self) -> bool {
        self.status.is_none_or(|words| words.split(',').any(|word| word == "settled"))
    }

    pub(super) fn keeps(&self, market: &Market, status: MarketStatus) -> bool {
        self.times.is_none_or(|times| is_within(market, times))
            && self.series.is_none_or(|series| is_of_series(&market.ticker, series))
            && self.event.is_none_or(|event| market.event == event)
            && self.tickers.is_none_or(|tickers| tickers.split(',').any(|ticker| ticker == market.ticker))
            && self.status.is_none_or(|word| has_status(word, status))
    }
}

/// Whether a market's or an event's ticker is one of a series.
pub(super) fn is_of_series(ticker: &str, series: &str) -> bool {
    ticker.strip_prefix(series).is_some_and(|rest| rest.starts_with('-'))
}

fn is_within(market: &Market, (family, min_s, max_s): (Family, u64, u64)) -> bool {
    let time = match family {
        Family::Created => Some(market.created),
        Family::Close => Some(market.close),
        Family::Settled => market.settled,
        Family::Updated => Some(market.updated),
    };
    time.map(Nanos::seconds).is_some_and(|seconds| (min_s..=max_s).contains(&seconds))
}

/// The filter's words are not the markets'.
pub(super) fn has_status(word: &str, status: MarketStatus) -> bool {
    word.split(',').any(|word| match word {
        "unopened" => status == MarketStatus::Initialized,
        "open" => status == MarketStatus::Active,
        "paused" => status == MarketStatus::Inactive,
        "closed" => matches!(status, MarketStatus::Closed | MarketStatus::Determined),
        "settled" => status == MarketStatus::Finalized,
        _ => false,
    })
}
