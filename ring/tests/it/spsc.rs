//! One message at a time.

use super::{message, ring};
use std::panic::{AssertUnwindSafe, catch_unwind};
use trader_ring::spsc::{self, Consumer, Full, Producer};
use trader_ring::{CapacityError, SLOTS_MAX};

#[test]
fn messages_come_out_in_the_order_they_went_in_lap_after_lap() {
    for capacity in [1, 2, 4, 64] {
        let (mut producer, mut consumer) = ring(capacity);
        for number in 0..1_000 {
            assert_eq!(producer.push(message(number)), Ok(()));
            assert_eq!(consumer.pop(), Some(message(number)));
            assert_eq!(consumer.pop(), None);
        }
        assert_eq!((producer.produced(), consumer.consumed()), (1_000, 1_000));
    }
}

#[test]
fn a_full_ring_refuses_and_keeps_what_it_has() {
    for capacity in [1, 2, 8] {
        let (mut producer, mut consumer) = ring(capacity);
        for number in 0..capacity as u64 {
            producer.push(message(number)).expect("room");
        }
        assert_eq!(producer.push(message(99)), Err(Full));
        assert_eq!(producer.produced(), capacity as u64);
        assert_eq!(consumer.pop(), Some(message(0)));
        assert_eq!(producer.push(message(capacity as u64)), Ok(()), "one was taken, one fits");
        assert_eq!(producer.push(message(99)), Err(Full));
        let rest: Vec<_> = std::iter::from_fn(|| consumer.pop()).collect();
        assert_eq!(rest, (1..=capacity as u64).map(message).collect::<Vec<_>>());
    }
}

#[test]
fn an_empty_ring_gives_nothing_at_any_point_of_a_lap() {
    let (mut producer, mut consumer) = ring(4);
    for number in 0..9 {
        assert_eq!((consumer.peek(), consumer.pop()), (None, None));
        assert_eq!(consumer.drain(4, |_| panic!("nothing was pushed")), 0);
        producer.push(message(number)).expect("room");
        consumer.pop();
    }
}

#[test]
fn a_look_takes_nothing() {
    let (mut producer, mut consumer) = ring(2);
    producer.push(message(0)).expect("room");
    assert_eq!((consumer.peek(), consumer.peek()), (Some(message(0)), Some(message(0))));
    assert_eq!((consumer.consumed(), producer.room()), (0, 1));
    assert_eq!(consumer.pop(), Some(message(0)));
    assert_eq!(consumer.peek(), None);
}

#[test]
fn room_is_what_can_be_pushed() {
    let (mut producer, mut consumer) = ring(8);
    for taken in 0..20 {
        let room = producer.room();
        assert!(producer.has_room(room) && !producer.has_room(room + 1));
        for _ in 0..room {
            producer.push(message(0)).expect("room said so");
        }
        assert_eq!((producer.room(), producer.push(message(0))), (0, Err(Full)));
        assert!(producer.has_room(0), "nothing always fits");
        consumer.drain(taken % 8 + 1, |_| ());
    }
    assert!(!producer.has_room(usize::MAX));
}

#[test]
fn a_batch_stops_at_its_limit_and_frees_its_slots_together() {
    let (mut producer, mut consumer) = ring(4);
    for number in 0..4 {
        producer.push(message(number)).expect("room");
    }
    assert_eq!(consumer.drain(0, |_| panic!("none was asked for")), 0);
    let mut heard = Vec::new();
    let rooms = consumer.drain(3, |message| {
        heard.push(message);
        assert_eq!(producer.room(), 0, "inside the batch nothing is free yet");
    });
    assert_eq!((rooms, heard), (3, (0..3).map(message).collect()));
    assert_eq!(producer.room(), 3);
}

#[test]
fn a_batch_takes_what_comes_while_it_runs_but_never_more_than_a_lap() {
    let (mut producer, mut consumer) = ring(4);
    producer.push(message(0)).expect("room");
    let heard = consumer.drain(usize::MAX, |_| while producer.push(message(0)).is_ok() {});
    assert_eq!(heard, 4, "its slots are free only afterwards");
}

/// A panic may come in the middle of a batch; whoever catches it finds a ring that still works.
#[test]
fn a_panic_inside_a_batch_frees_what_was_taken() {
    for (capacity, bad) in [(1, 0), (4, 0), (4, 2), (4, 3)] {
        let (mut producer, mut consumer) = ring(capacity);
        for number in 0..capacity as u64 {
            producer.push(message(number)).expect("room");
        }
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            consumer.drain(capacity, |heard| assert_ne!(heard, message(bad), "the planted panic"));
        }));
        assert!(panicked.is_err());
        assert_eq!(consumer.consumed(), bad + 1, "the message that panicked counts as taken");
        assert_eq!(producer.room() as u64, bad + 1);
        assert_eq!(consumer.pop(), (bad + 1 < capacity as u64).then(|| message(bad + 1)));
        assert_eq!(producer.push(message(9)), Ok(()));
    }
}

#[test]
fn each_side_learns_that_the_other_is_gone() {
    let (producer, consumer) = ring(2);
    assert!(!producer.is_abandoned() && !consumer.is_abandoned());
    drop(consumer);
    assert!(producer.is_abandoned());

    let (mut producer, mut consumer) = ring(2);
    producer.push(message(0)).expect("room");
    drop(producer);
    assert!(consumer.is_abandoned());
    assert_eq!((consumer.pop(), consumer.pop()), (Some(message(0)), None), "what was pushed before is there");
}

#[test]
fn an_abandoned_producer_fills_the_ring_and_is_then_refused() {
    let (mut producer, consumer) = ring(2);
    drop(consumer);
    assert_eq!([0, 1, 2].map(|number| producer.push(message(number))), [Ok(()), Ok(()), Err(Full)]);
}

#[test]
fn a_capacity_that_cannot_be_is_answered_with_one_that_can() {
    let refused = |capacity| spsc::ring::<[u64; 7]>(capacity).map(|_| ()).unwrap_err();
    for asked in [3, 5, 1_000, SLOTS_MAX - 1] {
        let CapacityError::NotPowerOfTwo { asked: said, next } = refused(asked) else { panic!("{asked}") };
        assert_eq!((said, next), (asked, asked.next_power_of_two()));
    }
    for asked in [0, SLOTS_MAX + 1, usize::MAX] {
        assert_eq!(refused(asked), CapacityError::OutOfRange { asked, min: 1, max: SLOTS_MAX });
    }
    assert_eq!(refused(1_000).to_string(), "ring capacity 1000 is not a power of two; 1024 is");
    assert_eq!(refused(0).to_string(), "ring capacity 0 is outside 1 ..= 16777216");
}

/// Any plain type of 56 bytes goes through bit by bit, not only arrays of words.
#[test]
fn a_message_is_any_copy_type_of_56_bytes() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Mixed {
        id: u16,
        flags: [u8; 6],
        price: i64,
        rest: [u32; 10],
    }
    let (mut producer, mut consumer) = spsc::ring::<Mixed>(2).expect("a power of two");
    let sent = Mixed { id: 7, flags: [1, 2, 3, 4, 5, 6], price: -1, rest: std::array::from_fn(|index| index as u32) };
    producer.push(sent).expect("room");
    assert_eq!(consumer.pop(), Some(sent));
}

#[test]
fn both_ends_can_move_to_their_threads_and_print_themselves() {
    fn movable(_: impl Send + std::fmt::Debug) {}
    let (producer, consumer): (Producer<[u64; 7]>, Consumer<[u64; 7]>) = ring(8);
    assert_eq!(format!("{producer:?}"), "Producer { capacity: 8, produced: 0 }");
    assert_eq!(format!("{consumer:?}"), "Consumer { capacity: 8, consumed: 0 }");
    movable(producer);
    movable(consumer);
}
