//! Frames in, events out.
