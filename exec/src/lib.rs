//! Opinions and reports in, commands out.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
