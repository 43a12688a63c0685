//! How market time goes on when this thread comes too late for what was due.
//!
//! Who shares our clock never minds that it is held back: time slows down instead of jumping over what a client
//! could have done. Others go by the wall and by what they were told of our clock. For them a thread that was
//! **away** is late at once, as a venue with trouble is. But what our own **work** made late is held back, or each
//! turn would have more to do than the one before; and it is made up for when there is less to do.

use trader_journal::units::Nanos;

/// What is owed is paid by running this part faster.
const CATCH_UP_PARTS: u64 = 4;

/// What becomes of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// Nothing.
    None,
    /// It loses so many ns of market time.
    HoldBack(u64),
    /// It gets so many back.
    GiveBack(u64),
}

/// One thread's turns.
#[derive(Debug)]
pub(super) struct Pace {
    late_ns_max: u64,
    others_follow: bool,
    speed: u64,
    /// Wall time of the last turn, and how long it worked.
    began: Option<Nanos>,
    worked_ns: u64,
    /// Held back and not yet made up for, ns of market time.
    owed_ns: u64,
}

impl Pace {
    /// Beyond `late_ns_max` of market time nothing may be late; `others_follow` says whether others go by the wall.
    pub(super) const fn new(late_ns_max: u64, others_follow: bool, speed: u32) -> Pace {
        Pace { late_ns_max, others_follow, speed: speed as u64, began: None, worked_ns: 0, owed_ns: 0 }
    }

    /// A turn begins at `wall`, `late_ns` of market time after the first thing that was due.
    pub(super) fn begin(&mut self, late_ns: u64, wall: Nanos) -> Shift {
        let passed_ns = self.began.map_or(0, |began| wall.since(began)).saturating_mul(self.speed);
        self.began = Some(wall);
        let excess_ns = late_ns.saturating_sub(self.late_ns_max);
        if !self.others_follow {
            return if excess_ns == 0 { Shift::None } else { Shift::HoldBack(excess_ns) };
        }
        let made_ns = excess_ns.min(self.worked_ns.saturating_mul(self.speed));
        if made_ns > 0 {
            self.owed_ns += made_ns;
            return Shift::HoldBack(made_ns);
        }
        let paid_ns = if excess_ns == 0 { self.owed_ns.min(passed_ns / CATCH_UP_PARTS) } else { 0 };
        self.owed_ns -= paid_ns;
        if paid_ns == 0 { Shift::None } else { Shift::GiveBack(paid_ns) }
    }

    /// The turn is over at `wall`.
    pub(super) fn end(&mut self, wall: Nanos) {
        self.worked_ns = self.began.map_or(0, |began| wall.since(began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const US: u64 = 1_000;
    const MS: u64 = Nanos::MILLI;
    /// Something is due this often, market time.
    const EVERY: u64 = 100 * MS;
    const MAX: u64 = 250 * MS;

    /// A thread in a world where a market ns costs so much work, in millionths of a wall ns.
    struct World {
        pace: Pace,
        speed: u64,
        cost_e6: u64,
        wall: u64,
        held: u64,
        done: u64,
        /// Wall and market time at which the last turn began.
        begun: (u64, u64),
    }

    impl World {
        fn new(speed: u64, cost_e6: u64, others_follow: bool) -> World {
            World {
                pace: Pace::new(MAX, others_follow, speed as u32),
                speed,
                cost_e6,
                wall: 0,
                held: 0,
                done: 0,
                begun: (0, 0),
            }
        }

        fn market(&self) -> u64 {
            (self.wall * self.speed).saturating_sub(self.held)
        }

        /// One turn after having been away for `away`; gives how much market time it had to do.
        fn turn(&mut self, away: u64) -> u64 {
            let due = self.done + EVERY;
            let wait = due.saturating_sub(self.market()) / self.speed;
            self.wall += wait.min(20 * MS) + away;
            match self.pace.begin(self.market().saturating_sub(due), Nanos(self.wall)) {
                Shift::None => {}
                Shift::HoldBack(ns) => self.held += ns,
                Shift::GiveBack(ns) => self.held -= ns,
            }
            self.begun = (self.wall, self.market());
            let batch = self.market().saturating_sub(self.done);
            self.done = self.done.max(self.market());
            self.wall += 10 * US + batch * self.cost_e6 / 1_000_000;
            self.pace.end(Nanos(self.wall));
            batch
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Our own work never makes a turn larger than what may be late and what the thread was away for; without
        /// that an exchange that is too slow for its speed would do ever larger turns.
        #[test]
        fn work_does_not_pile_up(
            speed in 1u64..5_000,
            load_percent in 1u64..400,
            aways in prop::collection::vec(prop_oneof![9 => 0u64..100, 1 => 0u64..2_000_000], 50..200),
        ) {
            let mut world = World::new(speed, load_percent * 10_000 / speed, true);
            for away_us in aways {
                let batch = world.turn(away_us * US);
                let most = EVERY + MAX + (away_us * US + 20 * MS) * speed;
                prop_assert!(batch <= most, "{batch} > {most}");
            }
        }

        /// However long it was away, others who go by the wall are right about our clock when it works again and
        /// had the time to make up for its own work.
        #[test]
        fn the_walls_time_is_kept_in_the_end(
            speed in 1u64..5_000,
            load_percent in 1u64..50,
            aways in prop::collection::vec(0u64..2_000_000, 1..50),
        ) {
            let mut world = World::new(speed, load_percent * 10_000 / speed, true);
            for away_us in aways {
                world.turn(away_us * US);
            }
            // What it was away for last is still to be done, and held back while it is.
            let until = world.wall + 16 * (world.held / world.speed + 2_100 * MS);
            while world.wall < until {
                let before = world.begun;
                world.turn(0);
                let (passed, went) = ((world.begun.0 - before.0) * speed, world.begun.1.saturating_sub(before.1));
                prop_assert!(went <= passed + passed / CATCH_UP_PARTS + speed, "{went} in {passed}");
            }
            prop_assert_eq!(world.held, 0);
        }

        /// Who shares our clock never sees it jump over more than may be late.
        #[test]
        fn who_shares_the_clock_sees_no_jump(
            speed in 1u64..5_000,
            aways in prop::collection::vec(0u64..2_000_000, 1..100),
        ) {
            let mut world = World::new(speed, 1, false);
            for away_us in aways {
                let batch = world.turn(away_us * US);
                prop_assert!(batch <= EVERY + MAX + speed, "{batch}");
            }
        }
    }
}
