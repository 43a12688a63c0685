//! Records of any length.

use trader_ring::bytes::{self, ByteConsumer, ByteProducer, RecordError};
use trader_ring::{BYTES_MAX, CapacityError};

fn ring(capacity_bytes: usize) -> (ByteProducer, ByteConsumer) {
    bytes::ring(capacity_bytes).expect("a power of two")
}

fn frame(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 31 + seed * 7 + 1) as u8).collect()
}

/// Every length at every place of a lap: headers and bytes cross the end of the ring in every way.
#[test]
fn a_record_comes_out_as_it_went_in_wherever_it_starts() {
    let (mut producer, mut consumer) = ring(128);
    for seed in 0..50 {
        for len in 0..=producer.record_max_bytes() {
            let sent = frame(seed, len);
            producer.push(seed as u64, len as u16, &sent).expect("an empty ring");
            let record = consumer.pop().expect("one was pushed");
            assert_eq!((record.ts_ns, record.tag, record.bytes), (seed as u64, len as u16, &sent[..]));
            assert!(consumer.pop().is_none());
        }
    }
    assert_eq!(producer.produced(), 50 * 113);
    assert_eq!(consumer.consumed(), 50 * 113);
}

#[test]
fn header_fields_keep_every_bit() {
    let (mut producer, mut consumer) = ring(64);
    for (ts_ns, tag) in [(0, 0), (u64::MAX, u16::MAX), (1 << 63, 1 << 15), (0xDEAD_BEEF_0BAD_F00D, 0xA55A)] {
        producer.push(ts_ns, tag, &[0xFF; 48]).expect("room");
        let record = consumer.pop().expect("one was pushed");
        assert_eq!((record.ts_ns, record.tag, record.bytes), (ts_ns, tag, &[0xFF; 48][..]));
    }
}

/// A shorter record after a longer one must not show the longer one's end.
#[test]
fn a_record_is_as_long_as_it_was_said_to_be() {
    let (mut producer, mut consumer) = ring(64);
    for len in [48, 1, 0, 9, 7, 8] {
        producer.push(0, 0, &vec![len as u8; len]).expect("room");
        assert_eq!(consumer.pop().expect("one was pushed").bytes, vec![len as u8; len]);
    }
}

#[test]
fn a_full_ring_refuses_whole_and_takes_again_after_a_pop() {
    let (mut producer, mut consumer) = ring(64); // 8 words: two records of 2 + 2 words
    producer.push(1, 0, &[1; 16]).expect("room");
    producer.push(2, 0, &[2; 9]).expect("room");
    assert_eq!(producer.push(3, 0, b""), Err(RecordError::Full));
    assert!(!producer.has_room(0));
    assert_eq!(consumer.pop().map(|record| record.ts_ns), Some(1));
    assert!(producer.has_room(16) && !producer.has_room(17));
    producer.push(3, 0, &[3; 16]).expect("one was taken, one fits");
    assert_eq!(consumer.pop().map(|record| record.bytes.to_vec()), Some(vec![2; 9]));
    assert_eq!(consumer.pop().map(|record| record.bytes.to_vec()), Some(vec![3; 16]));
    assert_eq!((producer.produced(), consumer.consumed()), (3, 3));
}

#[test]
fn a_record_longer_than_the_ring_is_refused_for_good() {
    let (mut producer, mut consumer) = ring(32);
    assert_eq!(producer.record_max_bytes(), 16);
    assert_eq!(producer.push(0, 0, &[0; 17]), Err(RecordError::TooLong { max_bytes: 16 }));
    assert!(!producer.has_room(17) && !producer.has_room(usize::MAX));
    producer.push(0, 0, &[9; 16]).expect("the longest there is");
    assert_eq!(producer.push(0, 0, &[0; 17]), Err(RecordError::TooLong { max_bytes: 16 }), "also when full");
    assert_eq!(consumer.pop().map(|record| record.bytes.len()), Some(16));
}

#[test]
fn each_side_learns_that_the_other_is_gone() {
    let (producer, consumer) = ring(64);
    assert!(!producer.is_abandoned() && !consumer.is_abandoned());
    drop(consumer);
    assert!(producer.is_abandoned());

    let (mut producer, mut consumer) = ring(64);
    producer.push(0, 0, b"last words").expect("room");
    drop(producer);
    assert!(consumer.is_abandoned());
    assert_eq!(consumer.pop().map(|record| record.bytes.to_vec()), Some(b"last words".to_vec()));
    assert!(consumer.pop().is_none());
}

#[test]
fn a_capacity_that_cannot_be_is_answered_with_one_that_can() {
    let refused = |capacity| bytes::ring(capacity).map(|_| ()).unwrap_err();
    assert_eq!(refused(1_000), CapacityError::NotPowerOfTwo { asked: 1_000, next: 1_024 });
    for asked in [0, 16, 31, BYTES_MAX + 1] {
        assert_eq!(refused(asked), CapacityError::OutOfRange { asked, min: 32, max: BYTES_MAX });
    }
}

#[test]
fn both_ends_can_move_to_their_threads_and_print_no_bytes() {
    fn movable(_: impl Send + std::fmt::Debug) {}
    let (mut producer, consumer) = ring(64);
    producer.push(0, 0, b"secret").expect("room");
    for text in [format!("{producer:?}"), format!("{consumer:?}")] {
        assert!(text.contains("64 bytes") && !text.contains("115"), "{text}"); // 115 is an `s`
    }
    movable(producer);
    movable(consumer);
}
