//! What a session counts of itself.

use trader_journal::event::FrameFault;

/// Counters since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames heard.
    pub frames: u64,
    /// Frames and answers that gave no event, by fault; the order is that of [`FrameFault::ALL`].
    pub faults: [u64; FrameFault::ALL.len()],
    /// Commands that were answered.
    pub answered: u64,
    /// Times the trade numbers skipped some.
    pub trade_gaps: u64,
    /// Trades that were skipped.
    pub trades_missed: u64,
    /// Trades and quotes that came twice or late; they are dropped.
    pub repeats: u64,
    /// Streams that were subscribed again because they said nothing.
    pub silences: u64,
    /// Times a server said that it will end.
    pub shutdowns: u64,
}

impl Counts {
    /// How often this fault was counted.
    #[must_use]
    pub const fn faults_of(&self, fault: FrameFault) -> u64 {
        self.faults[fault as usize]
    }

    /// All faults together.
    #[must_use]
    pub fn faults_total(&self) -> u64 {
        self.faults.iter().sum()
    }

    pub(crate) const fn count(&mut self, fault: FrameFault) -> u64 {
        let total = &mut self.faults[fault as usize];
        *total += 1;
        *total
    }
}
