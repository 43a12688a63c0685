//! The offline checker is asked whether it sees.
//!
//! A journal is made by hand, clean; then one thing in it is made wrong. Which row must catch
//! which fault is written here first, and the test reads this table:
//!
//! | planted fault | what is done to the clean journal | rule | finding |
//! |---|---|---|---|
//! | dropped intent | the intent was never said, its order lives on | J3 | `answer_without_intent` |
//! | doubled POST | one create, two answers | J4 | `answered_twice` |
//! | doubled fill | a trade heard twice is booked twice | J4 | `trade_booked_twice` |
//! | forgotten fee | a fill's fee is not booked | J5 | `fee_not_as_charged` |
//! | overfill | more is filled than the order asked for | J4 | `overfilled` |
//! | limit skipped | an order larger than the market's limit allows | J6 | `limit_market` |
//! | cash not balancing | a posting says another cash than it makes | J5 | `cash_after_wrong` |
//! | missing end | an order of a final market that nothing ended | J3 | `no_end` |
//! | gap in a sequence | a stream's count skips one | J1 | `sequence_gap` |
//! | altered line | one bit of one line on disk | J1 | `damage` |

mod story;
mod faults;
mod witness;
mod commands;
mod stage;
