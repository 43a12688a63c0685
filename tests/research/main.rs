//! Windows, measures, the judge and what is judged.

mod common;
mod metrics;
mod judge;
mod fit;
mod cards;
mod direction;
