//! Several messages shown as one.

use super::{message, ring};
use trader_ring::spsc::GroupError;

fn group(first: u64, len: usize) -> Vec<super::Message> {
    (first..).take(len).map(message).collect()
}

/// Every length at every place of a lap, so that groups cross the end of the ring in every way.
#[test]
fn a_group_comes_out_whole_and_in_order_wherever_it_starts() {
    for capacity in [1, 2, 8] {
        for offset in 0..capacity as u64 {
            for len in 0..=capacity {
                let (mut producer, mut consumer) = ring(capacity);
                for number in 0..offset {
                    producer.push(message(number)).expect("room");
                    consumer.pop();
                }
                producer.push_group(&group(100, len)).expect("an empty ring");
                let mut heard = Vec::new();
                assert_eq!(consumer.drain(usize::MAX, |message| heard.push(message)), len);
                assert_eq!(heard, group(100, len), "capacity {capacity}, offset {offset}");
            }
        }
    }
}

#[test]
fn a_group_without_room_leaves_no_trace() {
    let (mut producer, mut consumer) = ring(4);
    producer.push_group(&group(0, 2)).expect("room");
    assert_eq!(producer.push_group(&group(50, 3)), Err(GroupError::Full { room: 2 }));
    assert_eq!((producer.produced(), producer.room()), (2, 2));
    producer.push_group(&group(2, 2)).expect("exactly the room there is");
    assert_eq!(producer.push_group(&group(50, 1)), Err(GroupError::Full { room: 0 }));
    assert_eq!(std::iter::from_fn(|| consumer.pop()).collect::<Vec<_>>(), group(0, 4));
}

#[test]
fn a_group_longer_than_the_ring_is_refused_for_good_even_when_the_ring_is_full() {
    let (mut producer, _consumer) = ring(2);
    assert_eq!(producer.push_group(&group(0, 3)), Err(GroupError::TooLong { capacity: 2 }));
    producer.push_group(&group(0, 2)).expect("room");
    assert_eq!(producer.push_group(&group(0, 3)), Err(GroupError::TooLong { capacity: 2 }));
}

#[test]
fn an_empty_group_is_no_message_and_always_fits() {
    let (mut producer, mut consumer) = ring(1);
    producer.push_group(&[]).expect("nothing fits anywhere");
    assert_eq!((producer.produced(), consumer.pop()), (0, None));
    producer.push(message(0)).expect("room");
    producer.push_group(&[]).expect("nothing fits into a full ring");
}

/// A batch may end inside a group; what is left of it is there already.
#[test]
fn the_rest_of_a_group_waits_for_the_next_batch() {
    let (mut producer, mut consumer) = ring(4);
    producer.push_group(&group(0, 3)).expect("room");
    assert_eq!(consumer.drain(2, |_| ()), 2);
    assert_eq!((consumer.pop(), consumer.pop()), (Some(message(2)), None));
}

#[test]
fn refusals_say_what_to_do() {
    assert_eq!(GroupError::Full { room: 2 }.to_string(), "the ring has room for 2 messages, fewer than the group");
    assert_eq!(GroupError::TooLong { capacity: 2 }.to_string(), "the group is longer than the whole ring of 2");
}
