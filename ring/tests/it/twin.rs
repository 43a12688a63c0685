//! The rings beside a `VecDeque` that does the obvious, on random commands.

use super::{Message, message};
use proptest::prelude::*;
use std::collections::VecDeque;
use trader_ring::bytes::{self, RecordError};
use trader_ring::spsc::{self, Full, GroupError};

#[derive(Clone, Copy, Debug)]
enum Command {
    Push,
    PushGroup(usize),
    Pop,
    Peek,
    Drain(usize),
    Room,
    HasRoom(usize),
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => Just(Command::Push),
        3 => (0_usize..20).prop_map(Command::PushGroup),
        3 => Just(Command::Pop),
        1 => Just(Command::Peek),
        2 => (0_usize..20).prop_map(Command::Drain),
        1 => Just(Command::Room),
        1 => (0_usize..20).prop_map(Command::HasRoom),
    ]
}

/// The ring as one would write it without a second thread.
struct Twin {
    capacity: usize,
    messages: VecDeque<Message>,
    pushed: u64,
    taken: u64,
}

impl Twin {
    fn room(&self) -> usize {
        self.capacity - self.messages.len()
    }

    fn push(&mut self) -> Result<(), Full> {
        if self.room() == 0 {
            return Err(Full);
        }
        self.messages.push_back(message(self.pushed));
        self.pushed += 1;
        Ok(())
    }

    fn push_group(&mut self, len: usize) -> Result<(), GroupError> {
        if len > self.capacity {
            return Err(GroupError::TooLong { capacity: self.capacity });
        }
        if len > self.room() {
            return Err(GroupError::Full { room: self.room() });
        }
        (0..len).for_each(|_| self.push().expect("room was looked at"));
        Ok(())
    }

    fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.taken += 1;
        Some(message)
    }

    fn drain(&mut self, max: usize) -> Vec<Message> {
        (0..max.min(self.messages.len())).filter_map(|_| self.pop()).collect()
    }
}

fn same_answer(
    command: Command,
    twin: &mut Twin,
    producer: &mut spsc::Producer<Message>,
    consumer: &mut spsc::Consumer<Message>,
) -> Result<(), TestCaseError> {
    match command {
        Command::Push => prop_assert_eq!(producer.push(message(twin.pushed)), twin.push()),
        Command::PushGroup(len) => {
            let group: Vec<_> = (twin.pushed..).take(len).map(message).collect();
            prop_assert_eq!(producer.push_group(&group), twin.push_group(len));
        }
        Command::Pop => prop_assert_eq!(consumer.pop(), twin.pop()),
        Command::Peek => prop_assert_eq!(consumer.peek(), twin.messages.front().copied()),
        Command::Drain(max) => {
            let mut heard = Vec::new();
            let count = consumer.drain(max, |message| heard.push(message));
            prop_assert_eq!(count, heard.len());
            prop_assert_eq!(heard, twin.drain(max));
        }
        Command::Room => prop_assert_eq!(producer.room(), twin.room()),
        Command::HasRoom(count) => prop_assert_eq!(producer.has_room(count), count <= twin.room()),
    }
    prop_assert_eq!((producer.produced(), consumer.consumed()), (twin.pushed, twin.taken));
    Ok(())
}

proptest! {
    #[test]
    fn the_ring_answers_like_a_queue(
        power in 0_u32..=4,
        commands in prop::collection::vec(command(), 0..400),
    ) {
        let capacity = 1 << power;
        let (mut producer, mut consumer) = super::ring(capacity);
        let mut twin = Twin { capacity, messages: VecDeque::new(), pushed: 0, taken: 0 };
        for command in commands {
            same_answer(command, &mut twin, &mut producer, &mut consumer)?;
        }
    }

    /// A record costs two words and its bytes in whole words; that is all the twin knows of the layout.
    #[test]
    fn the_byte_ring_answers_like_a_queue(
        power in 5_u32..=8,
        commands in prop::collection::vec(prop::option::weighted(0.6, (any::<u64>(), any::<u16>(), 0_usize..300)), 0..300),
    ) {
        let capacity_bytes = 1 << power;
        let words_of = |len: usize| 2 + len.div_ceil(8);
        let (mut producer, mut consumer) = bytes::ring(capacity_bytes).expect("a power of two");
        let mut twin: VecDeque<(u64, u16, Vec<u8>)> = VecDeque::new();
        for command in commands {
            let used: usize = twin.iter().map(|(_, _, bytes)| words_of(bytes.len())).sum();
            if let Some((ts_ns, tag, len)) = command {
                let len = len % (capacity_bytes + 8);
                let bytes: Vec<u8> = (0..len).map(|index| (ts_ns >> (index % 57)) as u8).collect();
                let expected = if len > capacity_bytes - 16 {
                    Err(RecordError::TooLong { max_bytes: capacity_bytes - 16 })
                } else if used + words_of(len) > capacity_bytes / 8 {
                    Err(RecordError::Full)
                } else {
                    Ok(())
                };
                prop_assert_eq!(producer.has_room(len), expected.is_ok());
                prop_assert_eq!(producer.push(ts_ns, tag, &bytes), expected);
                if expected.is_ok() {
                    twin.push_back((ts_ns, tag, bytes));
                }
            } else {
                let got = consumer.pop().map(|record| (record.ts_ns, record.tag, record.bytes.to_vec()));
                prop_assert_eq!(got, twin.pop_front());
            }
            prop_assert_eq!(producer.produced() - consumer.consumed(), twin.len() as u64);
        }
    }
}
