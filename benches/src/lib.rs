//! What the benches share: the conditions they ran under, two pinned threads that take turns, and
//! ratios in a table with the goal beside each.
//!
//! Absolute times move between machines and minutes. So a bench runs all its contenders in one
//! process, block by block in turn, and compares blocks that ran milliseconds apart: what it prints
//! first are medians of such ratios.

pub mod conditions;
pub mod turns;
pub mod statistics;
pub mod report;
