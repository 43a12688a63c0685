//! Agents that share a thread: the same rings, nobody waits, and nothing depends on who runs when.

use super::{Message, message, ring};
use trader_ring::bytes;
use trader_ring::spsc::{Consumer, Producer};

const MESSAGES: u64 = 500;

/// Takes an input only when there is room for the two outputs it makes of it.
struct Doubler {
    input: Consumer<Message>,
    output: Producer<Message>,
}

impl Doubler {
    fn work(&mut self) {
        while self.output.has_room(2)
            && let Some(heard) = self.input.pop()
        {
            self.output.push_group(&[heard, heard]).expect("room was asked for");
        }
    }
}

/// Runs source, two doublers and sink in turns until all is done; `order` says who is asked when.
fn run(capacity: usize, order: impl Fn(usize) -> usize) -> Vec<Message> {
    let (mut source, input) = ring(capacity);
    let (output, middle) = ring(capacity);
    let mut first = Doubler { input, output };
    let (output, mut sink) = ring(capacity);
    let mut second = Doubler { input: middle, output };
    let (mut sent, mut heard) = (0, Vec::new());
    for turn in 0..1_000_000 {
        match order(turn) % 4 {
            0 => sent += u64::from(sent < MESSAGES && source.push(message(sent)).is_ok()),
            1 => first.work(),
            2 => second.work(),
            _ => drop(sink.drain(3, |message| heard.push(message))),
        }
        if heard.len() as u64 == MESSAGES * 4 {
            return heard;
        }
    }
    panic!("the agents got stuck after {} messages", heard.len());
}

#[test]
fn agents_on_one_thread_never_get_stuck_and_say_the_same_in_any_order() {
    let expected: Vec<_> = (0..MESSAGES).flat_map(|number| [message(number); 4]).collect();
    for capacity in [2, 4, 64] {
        assert_eq!(run(capacity, |turn| turn), expected, "in the line's order");
        assert_eq!(run(capacity, |turn| 3 - turn % 4), expected, "against it");
        assert_eq!(run(capacity, |turn| turn.wrapping_mul(0x9E37_79B9) >> 7), expected, "in no order");
    }
}

#[test]
fn frames_and_their_events_stay_in_step_on_one_thread() {
    let (mut frames, mut journal) = bytes::ring(256).expect("a power of two");
    let (mut events, mut stage) = ring(4);
    for number in 0..1_000_u64 {
        let frame = vec![number as u8; number as usize % 200];
        assert!(frames.has_room(frame.len()) && events.has_room(1));
        frames.push(number, 1, &frame).expect("room was asked for");
        events.push(message(number)).expect("room was asked for");
        assert_eq!(journal.pop().map(|record| (record.ts_ns, record.bytes.to_vec())), Some((number, frame)));
        assert_eq!(stage.pop(), Some(message(number)));
    }
}
