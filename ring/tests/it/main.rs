//! The rings asked from outside: what each call promises, a slow twin on random commands, two
//! threads and millions of messages, and agents that share one thread.

mod spsc;
mod group;
mod bytes;
mod wait;
mod twin;
mod threads;
mod one_thread;

/// A message whose seven words all follow from its number, so that a torn one is seen.
type Message = [u64; 7];

fn message(number: u64) -> Message {
    std::array::from_fn(|word| {
        (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(word as u32 * 9) ^ word as u64
    })
}

fn ring(capacity: usize) -> (trader_ring::spsc::Producer<Message>, trader_ring::spsc::Consumer<Message>) {
    trader_ring::spsc::ring(capacity).expect("a power of two")
}
