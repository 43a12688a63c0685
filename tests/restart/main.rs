//! A program that is killed at any entry of its journal goes on: nothing lost, nothing doubled, no limit crossed.

mod lives;
mod cuts;
mod faults;
