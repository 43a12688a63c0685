//! The stage is a value: the same events give the same words, the same state, and take no memory.

use crate::limits::{live, worlds};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use trader_exec::{Exec, Settings};
use trader_journal::event::Event;
use trader_journal::stage::{Outbox, Stage};

/// Counts what this thread asks of the system's allocator.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that is ending has no counter any more, and nothing to count.
        _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
        // SAFETY: the caller keeps the promises this call needs.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a fresh stage says to these events, its hash after each, and what it allocated.
fn replayed(settings: Settings, heard: &[Event]) -> (Vec<Event>, Vec<u64>, u64) {
    let (mut exec, mut out) = (Exec::new(settings), Outbox::new(Exec::SAYS_MAX));
    let (mut said, mut hashes, mut asked) = (Vec::new(), Vec::new(), 0);
    for event in heard {
        out.clear();
        let before = ASKED.get();
        exec.on(event, &mut out);
        let (hash, _) = (exec.state_hash(), exec.next_deadline());
        asked += ASKED.get() - before;
        said.extend_from_slice(out.events());
        hashes.push(hash);
    }
    (said, hashes, asked)
}

#[test]
fn a_replay_says_the_same_has_the_same_state_and_allocates_nothing() {
    for (settings, steps) in worlds(40) {
        let world = live(settings, &steps);
        let (said, hashes, asked) = replayed(settings, &world.desk.heard);
        assert_eq!((said == world.desk.said, asked), (true, 0));
        assert_eq!(hashes.last(), Some(&world.desk.exec.state_hash()));
    }
}

/// Forgetting one event that mattered leaves another state.
#[test]
fn the_hash_sees_every_fill_and_every_order_heard_of() {
    let (settings, steps) = worlds(1).remove(0);
    let world = live(settings, &steps);
    let matters = |event: &Event| matches!(event, Event::Fill { .. } | Event::Opinion { .. } | Event::Balance { .. });
    let heard = &world.desk.heard;
    for (at, _) in heard.iter().enumerate().filter(|(_, event)| matters(event)) {
        let without: Vec<Event> = heard[..at].iter().chain(&heard[at + 1..]).copied().collect();
        let (whole, less) = (replayed(settings, heard).1, replayed(settings, &without).1);
        assert_ne!(whole[at], less[at.saturating_sub(1)], "event {at} left no trace: {:?}", heard[at]);
    }
}
