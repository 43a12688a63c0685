//! The words: price grid, fee schedule, level book, state hash, identifiers, the event list.

#[path = "words/book.rs"]
mod book;
#[path = "words/event.rs"]
mod event;
#[path = "words/fee.rs"]
mod fee;
#[path = "words/grid.rs"]
mod grid;
#[path = "words/hash.rs"]
mod hash;
#[path = "words/ids.rs"]
mod ids;
