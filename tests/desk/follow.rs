//! A journal is followed while it grows: nothing is missed, nothing comes twice.

use super::common::{heard, open, stream, timer};
use kalshi_trader::desk::{Follower, Observer, Told};
use kalshi_trader::record::RecordKind;
use trader_journal::event::{Agent, Event, Ring};
use trader_journal::log::{Origin, Writer};
use trader_journal::units::Nanos;

fn write(writer: &mut Writer, numbers: std::ops::Range<u64>) {
    for number in numbers {
        writer.append(stream(Agent::Exec), heard(Ring::Shell), number, &timer(number).to_bytes()).unwrap();
        if number.is_multiple_of(7) {
            let bytes = vec![b'x'; (number % 300) as usize];
            writer.append_record(stream(Agent::Kalshi), 1, 3, Nanos(number), &bytes).unwrap();
        }
    }
}

/// The numbers of the timers, and how many records came.
#[derive(Default)]
struct Seen {
    numbers: Vec<u64>,
    records: u64,
}

impl Seen {
    fn see(&mut self, told: &Told<'_>) {
        match *told {
            Told::Event { agent, origin, event, .. } => {
                assert_eq!((agent, origin), (Agent::Exec, heard(Ring::Shell)));
                self.numbers.push(event.ts().0);
            }
            Told::Record { agent, kind, tag, ts, bytes, .. } => {
                assert_eq!((agent, kind, tag), (Agent::Kalshi, RecordKind::FrameHeard, 3));
                assert_eq!(bytes.len() as u64, ts.0 % 300);
                self.records += 1;
            }
        }
    }

    fn is_all_to(&self, end: u64) -> bool {
        self.numbers.iter().copied().eq(0..end) && self.records == end.div_ceil(7)
    }
}

#[test]
fn a_journal_that_is_not_there_is_waited_for_and_its_segments_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("later").join("journal");
    let mut follower = Follower::new(&dir);
    let mut seen = Seen::default();
    assert_eq!(follower.catch_up(&mut |told| seen.see(told)).unwrap(), 0);

    // A segment of two blocks holds some 2,000 lines: this rolls over many.
    let mut writer = open(&dir, 2);
    let mut end = 0;
    for more in [1, 40, 1021, 1, 5000, 3] {
        write(&mut writer, end..end + more);
        end += more;
        follower.catch_up(&mut |told| seen.see(told)).unwrap();
        assert!(seen.is_all_to(end), "after {end}: {} timers, {} records", seen.numbers.len(), seen.records);
    }
    assert!(follower.position().segment > 2, "it was to roll: {:?}", follower.position());
    writer.close().unwrap();
    assert_eq!(follower.catch_up(&mut |told| seen.see(told)).unwrap(), 0);
    assert_eq!(follower.unknown(), 0);
}

#[test]
fn a_writer_that_dies_is_followed_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut follower = Follower::new(folder.path());
    let mut seen = Seen::default();
    let mut end = 0;
    for _ in 0..3 {
        let mut writer = open(folder.path(), 2);
        write(&mut writer, end..end + 700);
        end += 700;
        follower.catch_up(&mut |told| seen.see(told)).unwrap();
        assert!(seen.is_all_to(end));
        // Neither sealed nor cut to its content: as after a kill.
        drop(writer);
        assert_eq!(follower.catch_up(&mut |told| seen.see(told)).unwrap(), 0);
    }
}

#[test]
fn an_observer_has_seen_everything_when_it_is_finished() {
    const EVENTS: u64 = 60_000;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("journal");
    let observer = Observer::start(&dir, Seen::default(), |seen, told| seen.see(told)).unwrap();
    let mut writer = open(&dir, 4);
    write(&mut writer, 0..EVENTS);
    writer.close().unwrap();
    let (seen, handed) = observer.finish().expect("no panic");
    assert!(seen.is_all_to(EVENTS));
    assert_eq!(handed.unwrap(), EVENTS + EVENTS.div_ceil(7));
}

#[test]
fn an_observer_of_nothing_ends_too() {
    let folder = tempfile::tempdir().unwrap();
    let observer = Observer::start(&folder.path().join("never"), 0u64, |_, _| unreachable!()).unwrap();
    assert_eq!(observer.finish().expect("no panic").1, Ok(0));
}

#[test]
fn what_another_version_wrote_is_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path(), 2);
    let mut future = timer(1).to_bytes();
    future[..2].copy_from_slice(&9999u16.to_le_bytes());
    writer.append(stream(Agent::Exec), Origin::SAID, 0, &future).unwrap();
    writer.append_record(stream(Agent::Shell), 250, 0, Nanos(1), b"?").unwrap();
    writer.append(stream(Agent::Exec), Origin::SAID, 1, &timer(2).to_bytes()).unwrap();
    let mut follower = Follower::new(folder.path());
    let mut events = Vec::new();
    let handed = follower.catch_up(&mut |told| {
        if let Told::Event { event, .. } = told {
            events.push(*event);
        }
    });
    assert_eq!((handed.unwrap(), follower.unknown()), (3, 2));
    assert!(matches!(events[..], [Event::Timer { due: Nanos(2), .. }]));
}
