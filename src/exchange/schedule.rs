//! Which markets exist when: the venue's calendar for the series of the family.
//!
//! Tickers carry the close in US Eastern time, so they are made here, in the shell, with a
//! bundled time-zone table; everyone else treats them as opaque.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use trader_journal::event::StrikeKind;
use trader_journal::units::{Money, Nanos};

/// Brackets on an hourly ladder, the two tails not counted (kalshi.md §5.2: 188 markets an event).
const BRACKETS: i64 = 186;
/// Width of a bracket, dollars.
const BRACKET_USD: i64 = 100;
/// Lifetime of an up/down window, seconds (kalshi.md §5.1).
const QUARTER_S: u64 = 900;
/// Lifetime of an hourly ladder, seconds (kalshi.md §5.2).
const HOUR_S: u64 = 3600;

/// A series the mock exchange can list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `KXBTC15M`: up or down in a quarter hour.
    UpDown,
    /// `KXBTC`: an hourly ladder of ranges.
    Ladder,
}

impl Family {
    /// The family of a series ticker, if the mock exchange lists it.
    #[must_use]
    pub fn of_series(ticker: &str) -> Option<Family> {
        match ticker {
            "KXBTC15M" => Some(Family::UpDown),
            "KXBTC" => Some(Family::Ladder),
            _ => None,
        }
    }

    /// Seconds between open and close.
    #[must_use]
    pub const fn lifetime_s(self) -> u64 {
        match self {
            Family::UpDown => QUARTER_S,
            Family::Ladder => HOUR_S,
        }
    }

    /// Seconds from the close until the venue pays (`settlement_timer_seconds`).
    #[must_use]
    pub const fn settlement_timer_s(self) -> u64 {
        match self {
            Family::UpDown => 1,
            Family::Ladder => 60,
        }
    }

    /// The first close at or after `from` whose whole life lies at or after it.
    #[must_use]
    pub fn first_close_s(self, from: Nanos) -> u64 {
        let open = from.0.div_ceil(Nanos::SECOND).next_multiple_of(self.lifetime_s());
        open + self.lifetime_s()
    }
}

/// One market to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// `KXBTC15M-26AUG170100-00`.
    pub ticker: String,
    /// How the value is compared.
    pub strike: StrikeKind,
    /// Lower strike; zero when the kind has none or the venue announces it after the open.
    pub floor: Money,
    /// Upper strike; zero when the kind has none.
    pub cap: Money,
}

/// One event to be listed: markets with one open and one close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventListing {
    /// `KXBTC15M-26AUG170100`.
    pub ticker: String,
    /// The kind of series.
    pub family: Family,
    /// First moment of trading.
    pub open: Nanos,
    /// Last.
    pub close: Nanos,
    /// Its markets.
    pub markets: Vec<Listing>,
}

/// The event of `series` that closes at `close_s`, its ladder (if it has one) centred on `spot`.
///
/// # Errors
/// When the close lies outside what a calendar can hold.
pub fn event(series: &str, family: Family, close_s: u64, spot: Money) -> Result<EventListing, jiff::Error> {
    let zone = TimeZone::get("America/New_York")?;
    let close = Timestamp::from_second(i64::try_from(close_s).unwrap_or(i64::MAX))?.to_zoned(zone);
    let day = close.strftime("%y%b%d").to_string().to_uppercase();
    let (ticker, markets) = match family {
        Family::UpDown => {
            up_down(&format!("{series}-{day}{}", close.strftime("%H%M")), &close.strftime("%M").to_string())
        }
        Family::Ladder => ladder(&format!("{series}-{day}{}", close.strftime("%H")), spot),
    };
    let open = Nanos((close_s - family.lifetime_s()) * Nanos::SECOND);
    Ok(EventListing { ticker, family, open, close: Nanos(close_s * Nanos::SECOND), markets })
}

fn up_down(event: &str, minute: &str) -> (String, Vec<Listing>) {
    let market = Listing {
        ticker: format!("{event}-{minute}"),
        strike: StrikeKind::GreaterOrEqual,
        floor: Money::ZERO,
        cap: Money::ZERO,
    };
    (event.to_owned(), vec![market])
}

fn ladder(event: &str, spot: Money) -> (String, Vec<Listing>) {
    let centre = spot.0 / Money::DOLLAR.0 / BRACKET_USD * BRACKET_USD;
    let lowest = (centre - BRACKETS / 2 * BRACKET_USD).max(BRACKET_USD);
    let highest = lowest + BRACKETS * BRACKET_USD;
    let mut markets = vec![Listing {
        ticker: format!("{event}-T{lowest}"),
        strike: StrikeKind::Less,
        floor: Money::ZERO,
        cap: dollars(lowest),
    }];
    markets.extend((0..BRACKETS).map(|step| {
        let floor = lowest + step * BRACKET_USD;
        Listing {
            ticker: format!("{event}-B{}", floor + BRACKET_USD / 2),
            strike: StrikeKind::Between,
            floor: dollars(floor),
            cap: below(floor + BRACKET_USD),
        }
    }));
    markets.push(Listing {
        ticker: format!("{event}-T{}.99", highest - 1),
        strike: StrikeKind::Greater,
        floor: below(highest),
        cap: Money::ZERO,
    });
    (event.to_owned(), markets)
}

fn dollars(whole: i64) -> Money {
    Money(whole * Money::DOLLAR.0)
}

/// One cent below a whole dollar: the venue's way of writing an upper end that is not in the bracket.
fn below(whole: i64) -> Money {
    Money(whole * Money::DOLLAR.0 - Money::CENT.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> u64 {
        u64::try_from(text.parse::<Timestamp>().unwrap().as_second()).unwrap()
    }

    #[test]
    fn tickers_are_the_venues() {
        let window = event("KXBTC15M", Family::UpDown, at("2026-08-17T05:00:00Z"), Money::ZERO).unwrap();
        assert_eq!(window.ticker, "KXBTC15M-26AUG170100");
        assert_eq!(window.markets[0].ticker, "KXBTC15M-26AUG170100-00");
        assert_eq!(window.open.seconds(), at("2026-08-17T04:45:00Z"));
        let hour = event("KXBTC", Family::Ladder, at("2026-07-10T20:00:00Z"), dollars(62_512)).unwrap();
        assert_eq!(hour.ticker, "KXBTC-26JUL1016");
        assert_eq!(hour.markets.len(), 188);
        let bracket = hour.markets.iter().find(|market| market.ticker.ends_with("-B63750")).unwrap();
        assert_eq!((bracket.floor, bracket.cap), (dollars(63_700), Money(63_799_990_000)));
        let last = hour.markets.last().unwrap();
        assert_eq!((last.ticker.as_str(), last.floor), ("KXBTC-26JUL1016-T71799.99", Money(71_799_990_000)));
        assert_eq!(hour.markets[0].ticker, "KXBTC-26JUL1016-T53200");
    }

    #[test]
    fn exactly_one_market_of_a_ladder_wins_at_every_cent() {
        let hour = event("KXBTC", Family::Ladder, at("2026-07-10T20:00:00Z"), dollars(100_049)).unwrap();
        let wins = |market: &Listing, value: Money| match market.strike {
            StrikeKind::Less => value < market.cap,
            StrikeKind::Between => market.floor <= value && value <= market.cap,
            _ => value > market.floor,
        };
        for near in [90_700, 100_000, 100_100, 109_200, 109_300] {
            for cent in -200..=200 {
                let value = Money(dollars(near).0 + cent * Money::CENT.0);
                let winners = hour.markets.iter().filter(|market| wins(market, value)).count();
                assert_eq!(winners, 1, "at {value}");
            }
        }
    }

    #[test]
    fn the_first_close_leaves_room_for_a_whole_life() {
        let from = Nanos(at("2026-08-17T04:45:00Z") * Nanos::SECOND);
        assert_eq!(Family::UpDown.first_close_s(from), at("2026-08-17T05:00:00Z"));
        assert_eq!(Family::UpDown.first_close_s(from.plus(1)), at("2026-08-17T05:15:00Z"));
        assert_eq!(Family::Ladder.first_close_s(from), at("2026-08-17T06:00:00Z"));
    }
}
