//! Two real threads and many messages. Nothing sleeps; a side that gets nowhere yields, and a test
//! that gets nowhere at all fails instead of hanging.

use super::{message, ring};
use std::thread;
use trader_ring::bytes;
use trader_ring::wait::{Idle, Patience};

/// Yields in a row that mean that the other side is stuck, not late.
const FRUITLESS_YIELDS_MAX: u64 = 20_000_000;

/// Asks until there is an answer.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..FRUITLESS_YIELDS_MAX {
        if let Some(answer) = ask() {
            return answer;
        }
        thread::yield_now();
    }
    panic!("the other side is stuck");
}

#[test]
fn millions_of_messages_arrive_once_in_order_and_unbroken() {
    const MESSAGES: u64 = 3_000_000;
    let (mut producer, mut consumer) = ring(1024);
    thread::scope(|scope| {
        scope.spawn(move || (0..MESSAGES).for_each(|number| until(|| producer.push(message(number)).ok())));
        for number in 0..MESSAGES {
            assert_eq!(until(|| consumer.pop()), message(number));
        }
        assert_eq!(consumer.pop(), None);
    });
}

/// With so few slots nearly every push meets a full ring and nearly every pop an empty one.
#[test]
fn the_smallest_rings_hand_over_slot_by_slot() {
    const MESSAGES: u64 = 100_000;
    for capacity in [1, 2] {
        let (mut producer, mut consumer) = ring(capacity);
        thread::scope(|scope| {
            scope.spawn(move || (0..MESSAGES).for_each(|number| until(|| producer.push(message(number)).ok())));
            (0..MESSAGES).for_each(|number| assert_eq!(until(|| consumer.pop()), message(number)));
        });
    }
}

/// Groups of changing length: whoever sees the first of a group finds all others without waiting.
#[test]
fn a_group_is_seen_whole_or_not_at_all() {
    const GROUPS: u64 = 300_000;
    let len_of = |group: u64| (group * 7 % 13 + 1) as usize;
    let (mut producer, mut consumer) = ring(32);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut number = 0;
            for group in 0..GROUPS {
                let messages: Vec<_> = (number..).take(len_of(group)).map(message).collect();
                until(|| producer.push_group(&messages).ok());
                number += messages.len() as u64;
            }
        });
        let mut number = 0;
        for group in 0..GROUPS {
            assert_eq!(until(|| consumer.pop()), message(number));
            for rest in 1..len_of(group) as u64 {
                assert_eq!(consumer.pop(), Some(message(number + rest)), "group {group} was torn");
            }
            number += len_of(group) as u64;
        }
    });
}

/// Batches of changing size on both sides, one of them ending inside the other's.
#[test]
fn batches_lose_nothing_and_repeat_nothing() {
    const MESSAGES: u64 = 2_000_000;
    let (mut producer, mut consumer) = ring(64);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut next = 0;
            while next < MESSAGES {
                let len = (next % 17).min(MESSAGES - next - 1) + 1;
                let messages: Vec<_> = (next..next + len).map(message).collect();
                until(|| producer.push_group(&messages).ok());
                next += len;
            }
        });
        let mut next = 0;
        while next < MESSAGES {
            let max = next as usize % 23 + 1;
            until(|| {
                let heard = consumer.drain(max, |heard| {
                    assert_eq!(heard, message(next));
                    next += 1;
                });
                assert!(heard <= max);
                (heard > 0).then_some(())
            });
        }
        assert_eq!(consumer.consumed(), MESSAGES);
    });
}

/// The consumer's way to end: gone was true before a pop that found nothing.
#[test]
fn a_consumer_takes_the_last_words_of_a_producer_that_is_gone() {
    for round in 0..2_000 {
        let messages = round % 40;
        let (mut producer, mut consumer) = ring(8);
        thread::scope(|scope| {
            scope.spawn(move || (0..messages).for_each(|number| until(|| producer.push(message(number)).ok())));
            let mut heard = 0;
            until(|| {
                let gone = consumer.is_abandoned();
                let found = consumer.drain(3, |_| heard += 1);
                (gone && found == 0).then_some(())
            });
            assert_eq!(heard, messages);
        });
    }
}

#[test]
fn a_producer_learns_that_nobody_listens() {
    let (mut producer, consumer) = ring(8);
    thread::scope(|scope| {
        scope.spawn(move || drop(consumer));
        until(|| {
            let _ = producer.push(message(0));
            producer.is_abandoned().then_some(())
        });
    });
}

#[test]
fn records_of_every_length_cross_unbroken() {
    const RECORDS: u64 = 300_000;
    let len_of = |number: u64| (number * number % 701) as usize;
    let byte_of = |number: u64, index: usize| (number * 31 + index as u64 * 7) as u8;
    let (mut producer, mut consumer) = bytes::ring(2048).expect("a power of two");
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut frame = Vec::new();
            for number in 0..RECORDS {
                frame.clear();
                frame.extend((0..len_of(number)).map(|index| byte_of(number, index)));
                until(|| producer.push(number, number as u16, &frame).ok());
            }
        });
        for number in 0..RECORDS {
            until(|| {
                let record = consumer.pop()?;
                assert_eq!((record.ts_ns, record.tag, record.bytes.len()), (number, number as u16, len_of(number)));
                assert!(record.bytes.iter().enumerate().all(|(index, byte)| *byte == byte_of(number, index)));
                Some(())
            });
        }
        let gone = until(|| consumer.is_abandoned().then_some(true));
        assert!(gone && consumer.pop().is_none());
    });
}

/// A thread that has parked still finds what comes later: nobody wakes it, it looks again by itself.
#[test]
fn a_parked_thread_finds_what_comes_without_being_woken() {
    const BURSTS: u64 = 20;
    let (mut request, mut requests) = ring(4);
    let (mut answer, mut answers) = ring(4);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut idle = Idle::new(Patience { spins: 1, yields: 1 }); // parks almost at once
            while !(requests.is_abandoned() && requests.peek().is_none()) {
                idle.idle(requests.drain(4, |message| answer.push(message).expect("one at a time")));
            }
        });
        for number in 0..BURSTS {
            request.push(message(number)).expect("one at a time");
            assert_eq!(until(|| answers.pop()), message(number));
        }
        drop(request);
        until(|| answers.is_abandoned().then_some(()));
    });
}
