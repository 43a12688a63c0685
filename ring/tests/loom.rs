//! Every interleaving of small runs, explored by loom: `RUSTFLAGS="--cfg loom" cargo test -p trader-ring
//! --test loom --release`. Without the flag this file is empty.
//!
//! loom checks each payload access against the happens-before order, so a missing `Release` or `Acquire`
//! fails as a data race even where x86 would forgive it. What it cannot show: a load that is moved
//! behind a later store, which only matters to the byte ring's `tail` (there the words are atomics).
#![cfg(loom)]

use loom::thread;
use trader_ring::{bytes, spsc};

type Message = [u64; 7];

fn message(number: u64) -> Message {
    [number + 1; 7]
}

/// A ring whose next message is number `start`, so that laps end where a model wants them to.
fn ring_at(capacity: usize, start: u64) -> (spsc::Producer<Message>, spsc::Consumer<Message>) {
    let (mut producer, mut consumer) = spsc::ring(capacity).expect("a power of two");
    for number in 0..start {
        producer.push(message(number)).expect("room");
        assert_eq!(consumer.pop(), Some(message(number)));
    }
    (producer, consumer)
}

/// Takes what comes in `looks` looks; each message must be the next one.
fn take(consumer: &mut spsc::Consumer<Message>, looks: usize) {
    for _ in 0..looks {
        let expected = message(consumer.consumed());
        if let Some(heard) = consumer.pop() {
            assert_eq!(heard, expected);
        }
    }
}

/// Pushes the next `count` messages, as far as there is room at that moment.
fn push(producer: &mut spsc::Producer<Message>, count: usize) {
    for _ in 0..count {
        let _ = producer.push(message(producer.produced()));
    }
}

/// What is left afterwards must be all that was pushed and not taken.
fn nothing_is_lost(producer: &spsc::Producer<Message>, mut consumer: spsc::Consumer<Message>) {
    let looks = consumer.capacity();
    take(&mut consumer, looks);
    assert_eq!((consumer.consumed(), consumer.peek()), (producer.produced(), None));
}

/// Both sides at work on rings of 1, 2 and 4 slots, from the start and across the end of a lap.
#[test]
fn messages_arrive_in_order_once_and_whole() {
    for (capacity, start) in [(1, 0), (2, 0), (2, 1), (4, 3)] {
        loom::model(move || {
            let (mut producer, mut consumer) = ring_at(capacity, start);
            let pushing = thread::spawn(move || {
                push(&mut producer, 3);
                producer
            });
            take(&mut consumer, 3);
            let producer = pushing.join().expect("no panic");
            nothing_is_lost(&producer, consumer);
        });
    }
}

/// A full ring: the producer can go on only in slots that the consumer is done with.
#[test]
fn a_slot_is_filled_again_only_after_it_was_taken() {
    for capacity in [1, 2] {
        loom::model(move || {
            let (mut producer, mut consumer) = ring_at(capacity, 0);
            push(&mut producer, capacity);
            let pushing = thread::spawn(move || {
                push(&mut producer, 3);
                producer
            });
            take(&mut consumer, 1);
            if let Some(seen) = consumer.peek() {
                assert_eq!(consumer.pop(), Some(seen), "a look and a pop disagree");
            }
            let producer = pushing.join().expect("no panic");
            nothing_is_lost(&producer, consumer);
        });
    }
}

/// What `has_room` and `room` promise holds however the consumer moves.
#[test]
fn room_that_was_promised_is_there() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring_at(2, 1);
        push(&mut producer, 2);
        let pushing = thread::spawn(move || {
            for _ in 0..2 {
                for _ in 0..producer.room() {
                    producer.push(message(producer.produced())).expect("room was promised");
                }
            }
            if producer.has_room(2) {
                let first = producer.produced();
                producer.push_group(&[message(first), message(first + 1)]).expect("room was promised");
            }
            producer
        });
        take(&mut consumer, 3);
        let producer = pushing.join().expect("no panic");
        nothing_is_lost(&producer, consumer);
    });
}

/// Whoever sees the first of a group finds the others at once, wherever the lap ends.
#[test]
fn a_group_is_seen_whole_or_not_at_all() {
    for start in 0..4 {
        loom::model(move || {
            let (mut producer, mut consumer) = ring_at(4, start);
            let pushing = thread::spawn(move || {
                let group = [start, start + 1, start + 2].map(message);
                producer.push_group(&group).expect("an empty ring");
                producer
            });
            for _ in 0..2 {
                if consumer.consumed() == start && consumer.pop().is_some() {
                    assert_eq!(consumer.pop(), Some(message(start + 1)), "the group was torn");
                    assert_eq!(consumer.pop(), Some(message(start + 2)), "the group was torn");
                }
            }
            let producer = pushing.join().expect("no panic");
            nothing_is_lost(&producer, consumer);
        });
    }
}

/// The same by batches, with a message before and a group that may have to wait for room.
#[test]
fn a_batch_holds_none_or_all_of_a_group() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring_at(2, 1);
        push(&mut producer, 1);
        let pushing = thread::spawn(move || {
            let pushed = producer.push_group(&[message(2), message(3)]).is_ok();
            (producer, pushed)
        });
        let mut heard = Vec::new();
        for _ in 0..2 {
            consumer.drain(4, |message| heard.push(message));
            assert!([0, 1, 3].contains(&heard.len()), "the group was torn");
        }
        let (producer, pushed) = pushing.join().expect("no panic");
        assert_eq!(producer.produced(), if pushed { 4 } else { 2 });
        nothing_is_lost(&producer, consumer);
    });
}

/// Gone was true before a pop that found nothing: then nothing is left behind.
#[test]
fn a_producer_that_is_gone_leaves_nothing_unseen() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring_at(2, 1);
        let pushing = thread::spawn(move || push(&mut producer, 2));
        for _ in 0..4 {
            let gone = consumer.is_abandoned();
            let found = consumer.pop();
            if gone && found.is_none() {
                assert_eq!(consumer.consumed(), 3, "the last words were missed");
            }
        }
        pushing.join().expect("no panic");
        assert!(consumer.is_abandoned());
    });
}

/// A producer that knows the consumer is gone also knows how much it took.
#[test]
fn a_consumer_that_is_gone_has_said_what_it_took() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring_at(2, 1);
        push(&mut producer, 2);
        let taking = thread::spawn(move || assert!(consumer.pop().is_some()));
        if producer.is_abandoned() {
            assert_eq!(producer.room(), 1);
        }
        push(&mut producer, 1);
        taking.join().expect("no panic");
        assert!(producer.is_abandoned());
        push(&mut producer, 1);
        assert_eq!((producer.produced(), producer.room()), (4, 0));
    });
}

fn byte_ring_at(start: u64) -> (bytes::ByteProducer, bytes::ByteConsumer) {
    let (mut producer, mut consumer) = bytes::ring(32).expect("a power of two");
    for _ in 0..start {
        producer.push(0, 0, &[0xEE; 8]).expect("room");
        assert!(consumer.pop().is_some());
    }
    (producer, consumer)
}

fn push_record(producer: &mut bytes::ByteProducer) -> bool {
    let number = producer.produced();
    producer.push(number + 100, number as u16 + 7, &[number as u8 + 1; 8]).is_ok()
}

fn take_record(consumer: &mut bytes::ByteConsumer) -> bool {
    let number = consumer.consumed();
    consumer.pop().is_some_and(|record| {
        let expected = (number + 100, number as u16 + 7, &[number as u8 + 1; 8][..]);
        assert_eq!((record.ts_ns, record.tag, record.bytes), expected, "the record was torn");
        true
    })
}

/// A ring of four words and records of three: each record crosses the end of a lap or reuses the last one's words.
#[test]
fn a_record_is_seen_whole_or_not_at_all() {
    for start in 0..4 {
        loom::model(move || {
            let (mut producer, mut consumer) = byte_ring_at(start);
            let pushing = thread::spawn(move || {
                push_record(&mut producer);
                push_record(&mut producer);
                producer
            });
            take_record(&mut consumer);
            take_record(&mut consumer);
            let producer = pushing.join().expect("no panic");
            while take_record(&mut consumer) {}
            assert_eq!(consumer.consumed(), producer.produced());
        });
    }
}

#[test]
fn a_byte_producer_that_is_gone_leaves_nothing_unseen() {
    loom::model(|| {
        let (mut producer, mut consumer) = byte_ring_at(1);
        let pushing = thread::spawn(move || assert!(push_record(&mut producer)));
        for _ in 0..3 {
            let gone = consumer.is_abandoned();
            if !take_record(&mut consumer) && gone {
                assert_eq!(consumer.consumed(), 2, "the last words were missed");
            }
        }
        pushing.join().expect("no panic");
        assert!(consumer.is_abandoned());
    });
}

/// A byte producer that knows the consumer is gone also knows how much it took.
#[test]
fn a_byte_consumer_that_is_gone_has_said_what_it_took() {
    loom::model(|| {
        let (mut producer, mut consumer) = byte_ring_at(1);
        assert!(push_record(&mut producer));
        let taking = thread::spawn(move || assert!(take_record(&mut consumer)));
        let gone = producer.is_abandoned();
        assert!(push_record(&mut producer) || !gone);
        taking.join().expect("no panic");
        assert!(producer.is_abandoned());
    });
}
