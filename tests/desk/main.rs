//! What people see of a run, and what they tell it: readers of a journal, and the control socket.

mod common;
mod control;
mod follow;
mod process;
mod status;
mod story;
mod tally;
