//! SPSC ring.
