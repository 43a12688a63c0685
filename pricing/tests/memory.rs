//! The stage takes its memory at the start and never again: counted by the allocator itself.

#[path = "it/script.rs"]
#[expect(dead_code, reason = "the script serves the other tests too")]
mod script;

use script::{SPOT, Script, UP};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use trader_journal::stage::{Outbox, Stage};
use trader_pricing::{Pricing, Settings};

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// Counts what each thread takes.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.with(|taken| taken.set(taken.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn a_day_part_with_an_opinion_takes_no_memory() {
    // Lived once to have the events; then heard again by a fresh stage under the count.
    let mut script = Script::ready();
    script.quote(UP, 4_900, 5_000);
    script.prices(SPOT + 40);
    script.live(5, 120);
    assert_eq!(script.opinions().len(), 1);
    let mut pricing = Pricing::new(Settings::default());
    let mut out = Outbox::new(Pricing::SAYS_MAX);
    let before = TAKEN.with(Cell::get);
    for event in &script.heard {
        pricing.on(event, &mut out);
        out.clear();
    }
    let hash = pricing.state_hash();
    let after = TAKEN.with(Cell::get);
    assert_eq!(after - before, 0, "allocations while hearing {} events", script.heard.len());
    assert_eq!(hash, script.pricing.state_hash());
}
