//! Patience: pause, yield, park, and back.

use std::time::Duration;
use trader_ring::wait::{Idle, PARK_MAX, Patience, Step};

fn steps(idle: &mut Idle, rounds: usize) -> Vec<Step> {
    (0..rounds).map(|_| idle.step(0)).collect()
}

#[test]
fn an_idle_thread_pauses_then_yields_then_parks_ever_longer() {
    let mut idle = Idle::new(Patience { spins: 2, yields: 1 });
    let park = |us| Step::Park(Duration::from_micros(us));
    let expected =
        [Step::Pause, Step::Pause, Step::Yield, park(50), park(100), park(200), park(400), park(800), park(1_000)];
    assert_eq!(steps(&mut idle, 9), expected);
    assert_eq!(steps(&mut idle, 100), vec![Step::Park(PARK_MAX); 100], "never longer than a millisecond");
}

#[test]
fn any_work_starts_over_from_every_step() {
    for idle_rounds in 0..10 {
        let mut idle = Idle::new(Patience { spins: 2, yields: 2 });
        steps(&mut idle, idle_rounds);
        assert_eq!(idle.step(1), Step::GoOn);
        assert_eq!(steps(&mut idle, 3), [Step::Pause, Step::Pause, Step::Yield]);
        assert_eq!(steps(&mut idle, 2), [Step::Yield, Step::Park(Duration::from_micros(50))]);
    }
}

#[test]
fn yields_without_end_never_park() {
    let mut idle = Idle::new(Patience { spins: 1, yields: u32::MAX });
    assert_eq!(idle.step(0), Step::Pause);
    assert!(steps(&mut idle, 100_000).iter().all(|step| *step == Step::Yield));
}

#[test]
fn patience_of_zero_parks_at_once() {
    let mut idle = Idle::new(Patience { spins: 0, yields: 0 });
    assert_eq!(idle.step(0), Step::Park(Duration::from_micros(50)));
    assert_eq!(idle.step(usize::MAX), Step::GoOn);
}

#[test]
fn nobody_spins_when_there_are_fewer_cores_than_threads() {
    for cores in 1..16 {
        for threads in 1..16 {
            assert_eq!(Patience::for_host(cores, threads).spins > 0, threads <= cores, "{cores} cores, {threads}");
            assert!(Patience::for_host(cores, threads).yields > 0);
        }
    }
}
