//! The words: price grid, fee schedule, level book, state hash.

#[path = "words/book.rs"]
mod book;
#[path = "words/fee.rs"]
mod fee;
#[path = "words/grid.rs"]
mod grid;
#[path = "words/hash.rs"]
mod hash;
