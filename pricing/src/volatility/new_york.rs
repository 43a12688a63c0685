//! The clock of New York, by the rule in force since 2007: summer time from the second Sunday of
//! March, 07:00 UTC, to the first Sunday of November, 06:00 UTC.

use super::profile::DAY_MINUTES;

const WINTER_MIN: u64 = 300;
const SUMMER_MIN: u64 = 240;

/// How far New York's clock is behind UTC, minutes, in the minute that begins `minute` minutes
/// after the Unix epoch.
#[must_use]
pub fn behind_utc_min(minute: u64) -> u64 {
    let year = year_of(minute / DAY_MINUTES);
    let begins = sunday_from(day_of(year, MARCH) + 7) * DAY_MINUTES + 7 * 60;
    let ends = sunday_from(day_of(year, NOVEMBER)) * DAY_MINUTES + 6 * 60;
    if (begins..ends).contains(&minute) { SUMMER_MIN } else { WINTER_MIN }
}

/// Days of a year before these months begin, in a year without a leap day.
const MARCH: u64 = 59;
const NOVEMBER: u64 = 304;

/// Day since the epoch on which a month of `year` begins that is not before March.
const fn day_of(year: u64, days_before: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    new_year(year) + days_before + leap as u64
}

/// Day since the epoch of a year's first of January.
const fn new_year(year: u64) -> u64 {
    let before = year - 1;
    365 * (year - 1970) + (before / 4 - before / 100 + before / 400) - 477
}

const fn year_of(day: u64) -> u64 {
    // An average year is at most a day off at either end.
    let guess = 1970 + day * 400 / 146_097;
    if new_year(guess + 1) <= day {
        guess + 1
    } else if new_year(guess) > day {
        guess - 1
    } else {
        guess
    }
}

/// The first Sunday that is not before `day`; the epoch was a Thursday.
const fn sunday_from(day: u64) -> u64 {
    day + (10 - day % 7) % 7
}
