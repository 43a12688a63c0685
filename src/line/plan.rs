//! Which agents share a thread, on which core, and how a thread waits.

use crate::config::{Threads, Waiting};
use trader_journal::event::Agent;
use trader_ring::wait::Patience;

/// From so many cores on each stage has one to itself.
const OWN_CORES_MIN: usize = 6;
/// On shared cores a thread yields so often, some 50 us, before it parks: its sockets wake it, and what
/// other threads push is seen after at most a millisecond.
const YIELDS_SHARED: u32 = 100;

/// One thread of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatPlan {
    /// The thread's name.
    pub name: &'static str,
    /// Who sits on it, in the order they work.
    pub agents: Vec<Agent>,
    /// Place of its core among those the system names; `None`: wherever the system puts it.
    pub core: Option<usize>,
}

/// The threads of a line's four agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadPlan {
    /// One per thread.
    pub seats: Vec<SeatPlan>,
    /// How they wait.
    pub patience: Patience,
    /// Whether memory is to be locked.
    pub lock_memory: bool,
}

impl ThreadPlan {
    /// The plan of a configuration on a machine with so many cores.
    #[must_use]
    pub fn of(threads: &Threads, cores: usize) -> ThreadPlan {
        let count = threads.stages.count().unwrap_or(match cores {
            OWN_CORES_MIN.. => 4,
            2.. => 2,
            _ => 1,
        });
        let has_own_cores = count == 4 && cores >= OWN_CORES_MIN;
        let core = |place: usize| match threads.cores.get(place) {
            Some(core) => usize::try_from(*core).ok(),
            // The first core is the one interrupts like best.
            None => has_own_cores.then_some(place + 1),
        };
        let seats = seated(count).into_iter().enumerate();
        let seats = seats.map(|(place, (name, agents))| SeatPlan { name, agents: agents.to_vec(), core: core(place) });
        let patience = match threads.waiting {
            Waiting::Auto if has_own_cores => Patience { spins: u32::MAX, yields: u32::MAX },
            Waiting::Auto => Patience { spins: 0, yields: YIELDS_SHARED },
            Waiting::Spin => Patience { spins: u32::MAX, yields: u32::MAX },
            Waiting::Yield => Patience { spins: 0, yields: u32::MAX },
            Waiting::Park => Patience { spins: 0, yields: 0 },
        };
        ThreadPlan { seats: seats.collect(), patience, lock_memory: threads.lock_memory }
    }

    /// How a thread with nothing to do waits, for people.
    #[must_use]
    pub const fn waiting(&self) -> &'static str {
        match self.patience {
            Patience { spins: u32::MAX, .. } => "spinning",
            Patience { yields: u32::MAX, .. } => "yielding",
            Patience { yields: 0, .. } => "parking",
            Patience { .. } => "yielding, then parking",
        }
    }
}

/// Who sits where; those who speak first work first.
fn seated(count: usize) -> Vec<(&'static str, &'static [Agent])> {
    match count {
        1 => vec![("line", &[Agent::Kalshi, Agent::Binance, Agent::Pricing, Agent::Exec])],
        2 => vec![("feeds", &[Agent::Kalshi, Agent::Binance]), ("stages", &[Agent::Pricing, Agent::Exec])],
        _ => vec![
            ("kalshi", &[Agent::Kalshi]),
            ("binance", &[Agent::Binance]),
            ("pricing", &[Agent::Pricing]),
            ("exec", &[Agent::Exec]),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StageThreads::{self, Auto, Four, One, Two};

    fn threads(stages: StageThreads) -> Threads {
        Threads { stages, waiting: Waiting::Auto, cores: Vec::new(), lock_memory: false }
    }

    fn auto(cores: usize) -> ThreadPlan {
        ThreadPlan::of(&threads(Auto), cores)
    }

    #[test]
    fn few_cores_fuse_and_many_give_each_stage_its_own() {
        let counts: Vec<usize> = [1, 2, 4, 5, 6, 64].iter().map(|cores| auto(*cores).seats.len()).collect();
        assert_eq!(counts, [1, 2, 2, 2, 4, 4]);
        assert!(auto(5).seats.iter().all(|seat| seat.core.is_none()));
        let own: Vec<_> = auto(6).seats.iter().map(|seat| seat.core).collect();
        assert_eq!(own, [Some(1), Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn nobody_spins_on_a_shared_core_unless_told_to() {
        assert_eq!(auto(2).patience.spins, 0);
        assert_eq!(ThreadPlan::of(&threads(Four), 2).patience.spins, 0);
        assert!(auto(8).patience.spins > 0);
        assert_eq!([auto(2).waiting(), auto(8).waiting()], ["yielding, then parking", "spinning"]);
    }

    #[test]
    fn every_agent_sits_once_in_the_order_of_the_line() {
        for count in [One, Two, Four] {
            let plan = ThreadPlan::of(&threads(count), 2);
            let agents: Vec<Agent> = plan.seats.into_iter().flat_map(|seat| seat.agents).collect();
            assert_eq!(agents, [Agent::Kalshi, Agent::Binance, Agent::Pricing, Agent::Exec]);
        }
    }

    #[test]
    fn cores_that_are_named_are_taken() {
        let named = Threads { cores: vec![3, 1], ..threads(Two) };
        let cores: Vec<_> = ThreadPlan::of(&named, 4).seats.iter().map(|seat| seat.core).collect();
        assert_eq!(cores, [Some(3), Some(1)]);
    }
}
