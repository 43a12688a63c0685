//! Events in, an opinion out.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
