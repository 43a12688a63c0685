//! What a session counts of itself.

use trader_journal::event::FrameFault;

/// Counters since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames heard.
    pub frames: u64,
    /// Frames and answers that gave no event, by fault; the order is that of [`FrameFault::ALL`].
    pub faults: [u64; FrameFault::ALL.len()],
    /// Messages of kinds we know and need nothing from.
    pub ignored: u64,
    /// Messages about markets of other series.
    pub foreign: u64,
    /// Gaps, repeats and steps back in the numbers of the book subscription.
    pub book_gaps: u64,
    /// The same of the other subscriptions; nothing hangs on them.
    pub other_gaps: u64,
    /// Snapshots asked for because a book was in doubt.
    pub resyncs: u64,
    /// Snapshots that made sense only with NO levels in NO prices.
    pub wrong_scales: u64,
    /// Words of the venue that are not in our lists.
    pub unknown_words: u64,
    /// Markets that should be watched and were not, for lack of room.
    pub unwatched: u64,
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
