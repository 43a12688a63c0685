//! Judging models of volatility on recorded candles, and training them.
//!
//! [`windows`] turns candles into quarter hours, [`exam`] into questions with known answers. A
//! [`Candidate`] is told the past minute by minute and asked; [`mod@judge`] does both, so nobody can
//! look ahead. [`score`] compares answers with what happened by the measures of [`metrics`], with
//! intervals from whole days drawn again ([`bootstrap`]).

pub mod windows;
pub mod metrics;
pub mod exam;
pub mod judge;
pub mod bootstrap;
pub mod score;
pub mod gamma;
pub mod walk;
pub mod contestants;
pub mod panel;
pub mod direction;
pub mod card;
pub mod train;

pub use exam::{DECISIONS_MIN, Exam};
pub use judge::{Answers, Candidate, judge};
pub use windows::{Flow, Window};
