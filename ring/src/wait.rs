//! What a thread does while its agents have nothing to do.
//!
//! Three steps, each cheaper for the machine and slower to wake than the one before: a PAUSE
//! instruction, a yield to another thread on the same core, a timed park of at most 1 ms. Any work
//! goes back to the first step. Nobody wakes a parked thread: the producer makes no system call, and
//! the consumer looks again by itself within a millisecond.
//!
//! Idleness is counted in rounds, not in time, because this crate reads no clock.
//!
//! ```
//! use trader_ring::wait::{Idle, Patience};
//! let mut idle = Idle::new(Patience::for_host(2, 1));
//! for work in [3, 0, 0, 1] {
//!     idle.idle(work); // what the agents said they did in this round
//! }
//! ```

use std::hint::spin_loop;
use std::thread::{park_timeout, yield_now};
use std::time::Duration;

/// The longest park, and so the longest a message waits for a thread that was long idle: 1 ms.
pub const PARK_MAX: Duration = Duration::from_millis(1);

/// The first park after the last yield; each further one is twice as long, up to [`PARK_MAX`].
const PARK_MIN: Duration = Duration::from_micros(50);

/// With a core to itself a thread spins through the gaps of a busy market, some 20 us, before it asks the
/// scheduler.
const SPINS_OWN_CORE: u32 = 1_000;

/// On a shared core, spinning keeps the very thread away that would bring the work.
const SPINS_SHARED_CORE: u32 = 0;

/// Some 10 ms of yields (about 0.5 us each) before the core is left to others altogether.
const YIELDS: u32 = 20_000;

/// How many idle rounds each step lasts. Plain numbers, so that configuration can fix them.
///
/// ```
/// use trader_ring::wait::Patience;
/// let never_parks = Patience { spins: 100, yields: u32::MAX };
/// assert_ne!(never_parks, Patience::for_host(8, 4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Rounds that end with PAUSE.
    pub spins: u32,
    /// Rounds after those that end with a yield; `u32::MAX` means: never park.
    pub yields: u32,
}

impl Patience {
    /// For a host with `cores` cores on which `threads` threads wait like this.
    ///
    /// If there are more threads than cores nobody spins: measured with four stages on two cores, busy
    /// spinning costs a thousand times what yielding does, while on enough cores spinning first is free.
    ///
    /// ```
    /// use trader_ring::wait::Patience;
    /// assert!(Patience::for_host(8, 4).spins > 0);
    /// assert_eq!(Patience::for_host(2, 4).spins, 0);
    /// ```
    #[must_use]
    pub const fn for_host(cores: usize, threads: usize) -> Patience {
        let spins = if threads <= cores { SPINS_OWN_CORE } else { SPINS_SHARED_CORE };
        Patience { spins, yields: YIELDS }
    }
}

/// What one idle round ends with.
///
/// ```
/// use trader_ring::wait::{Idle, Patience, Step};
/// let mut idle = Idle::new(Patience { spins: 1, yields: 1 });
/// assert_eq!([idle.step(0), idle.step(0)], [Step::Pause, Step::Yield]);
/// assert!(matches!(idle.step(0), Step::Park(_)));
/// assert_eq!(idle.step(5), Step::GoOn);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There was work: look again at once.
    GoOn,
    /// One PAUSE instruction.
    Pause,
    /// The rest of the time slice goes to another thread.
    Yield,
    /// Sleep for this long, at most [`PARK_MAX`].
    Park(Duration),
}

/// The waiting of one thread: fed after each round with how much its agents did.
#[derive(Clone, Debug)]
pub struct Idle {
    patience: Patience,
    /// Rounds without work so far; stops counting once parks began.
    rounds: u32,
    park: Duration,
}

impl Idle {
    /// Starts busy.
    ///
    /// ```
    /// use trader_ring::wait::{Idle, Patience};
    /// let mut idle = Idle::new(Patience::for_host(2, 2));
    /// idle.idle(1);
    /// ```
    #[must_use]
    pub const fn new(patience: Patience) -> Idle {
        Idle { patience, rounds: 0, park: PARK_MIN }
    }

    /// Takes the work count of a round and decides how it ends, without doing it.
    ///
    /// ```
    /// use trader_ring::wait::{Idle, Patience, Step};
    /// let mut idle = Idle::new(Patience { spins: 10, yields: 10 });
    /// assert_eq!(idle.step(0), Step::Pause);
    /// ```
    #[inline]
    pub fn step(&mut self, work: usize) -> Step {
        if work > 0 {
            self.rounds = 0;
            self.park = PARK_MIN;
            return Step::GoOn;
        }
        self.idle_step()
    }

    fn idle_step(&mut self) -> Step {
        let Patience { spins, yields } = self.patience;
        if self.rounds >= spins.saturating_add(yields) && yields != u32::MAX {
            return Step::Park(self.next_park());
        }
        let step = if self.rounds < spins { Step::Pause } else { Step::Yield };
        self.rounds = self.rounds.saturating_add(1);
        step
    }

    fn next_park(&mut self) -> Duration {
        let park = self.park;
        self.park = (park * 2).min(PARK_MAX);
        park
    }

    /// Takes the work count of a round and waits accordingly: not at all after work, at most [`PARK_MAX`]
    /// plus the scheduler's delay otherwise.
    ///
    /// ```
    /// use trader_ring::wait::{Idle, Patience};
    /// let mut idle = Idle::new(Patience { spins: 1, yields: 0 });
    /// idle.idle(0); // PAUSE
    /// idle.idle(0); // parks for 50 us
    /// ```
    #[inline]
    pub fn idle(&mut self, work: usize) {
        match self.step(work) {
            Step::GoOn => {}
            Step::Pause => spin_loop(),
            Step::Yield => yield_now(),
            Step::Park(park) => park_timeout(park),
        }
    }
}
