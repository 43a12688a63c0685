//! The log: what was committed is read back, whatever happened; what was altered is named.

mod log {
    mod common;
    mod twin;

    mod round_trip;
    mod alteration;
    mod live;
    mod recovery;
    mod faults;
    mod kill;
    mod golden;
    mod format;
}
