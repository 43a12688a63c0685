//! A model as bytes, and how it gets into use.

use crate::script::{Script, UP};
use trader_journal::event::{Event, Gate, pad};
use trader_pricing::Settings;
use trader_pricing::model::{MODEL_BYTES, Model, ModelError, decode, encode, encode_ranges, events, hash};
use trader_pricing::rooms::{Purpose, ROOMS};
use trader_pricing::volatility::{Coefficients, LogLinear};

#[test]
fn bytes_come_back_as_the_model_they_were() {
    let altered = Coefficients { b10: 0.4740000000000001, ..Coefficients::FROZEN };
    for model in [Coefficients::FROZEN, altered] {
        assert_eq!(decode(&encode(&model)), Ok(Model::Ewma3(model)));
    }
    assert_ne!(hash(&encode(&Coefficients::FROZEN)), hash(&encode(&altered)));
}

#[test]
fn what_is_not_a_model_says_why() {
    let good = encode(&Coefficients::FROZEN);
    let with = |at: usize, byte: u8| {
        let mut bytes = good;
        bytes[at] = byte;
        decode(&bytes)
    };
    assert_eq!(decode(&good[..39]), Err(ModelError::Length));
    assert_eq!(decode(&[]), Err(ModelError::Length));
    assert_eq!(with(0, b'X'), Err(ModelError::Magic));
    assert_eq!(with(4, 2), Err(ModelError::Version));
    assert_eq!(with(7, 1), Err(ModelError::Version));
    for value in [f64::NAN, f64::INFINITY, 3.0] {
        assert_eq!(decode(&encode(&Coefficients { b60: value, ..Coefficients::FROZEN })), Err(ModelError::Coefficient));
    }
    assert_eq!(decode(&encode(&Coefficients { b0: 7.0, ..Coefficients::FROZEN })), Err(ModelError::Coefficient));
}

const RANGES: LogLinear<4> = LogLinear { intercept: -2.8132, slopes: [0.0706, 0.3295, 0.3089, 0.0750] };

#[test]
fn either_model_is_told_by_its_bytes() {
    let bytes = encode_ranges(&RANGES);
    assert_eq!(decode(&bytes), Ok(Model::Ranges(RANGES)));
    assert_eq!(decode(&bytes[..40]), Err(ModelError::Length));
    let mut other = bytes;
    other[..4].copy_from_slice(b"EWM3");
    assert_eq!(decode(&other), Err(ModelError::Length), "one model's numbers are not the other's");
    let wild = LogLinear { slopes: [0.1, f64::NAN, 0.1, 0.1], ..RANGES };
    assert_eq!(decode(&encode_ranges(&wild)), Err(ModelError::Coefficient));
}

#[test]
fn ranges_are_used_when_activated_and_ewma3_again_after_it() {
    // P(YES) of a strike away from the money, which moves with σ.
    let priced = |models: &[&[u8]]| {
        let mut script = Script::new(Settings::default());
        for model in models {
            let ts = script.now;
            events(model, ts).for_each(|event| script.tell(event));
        }
        script.warm_up(2880);
        script.list_series();
        script.at(4.0);
        let strike = crate::script::usd(crate::script::SPOT + 100);
        let kind = trader_journal::event::StrikeKind::GreaterOrEqual;
        script.list(UP, trader_journal::event::EventId(1), kind, strike, trader_journal::units::Money::ZERO);
        script.quote(UP, 4_900, 5_100);
        script.live(5, 31);
        script.leg(UP).q
    };
    let (ewma3, ranges) = (&encode(&Coefficients::FROZEN)[..], &encode_ranges(&RANGES)[..]);
    let [first, second] = [priced(&[ewma3]), priced(&[ranges])];
    assert!(first > 0.0 && second > 0.0 && first != second, "{first} {second}");
    assert_eq!(priced(&[ranges, ewma3]), first);
    assert_eq!(priced(&[ewma3, ranges]), second);
    assert_eq!(priced(&[ranges, &ranges[..40]]), second, "what is no model changes nothing");
}

#[test]
fn every_flipped_bit_changes_the_hash_that_activates() {
    let good = encode(&Coefficients::FROZEN);
    for at in 0..MODEL_BYTES * 8 {
        let mut bytes = good;
        bytes[at / 8] ^= 1 << (at % 8);
        assert_ne!(hash(&bytes), hash(&good));
    }
}

fn chunk(script: &mut Script, index: u32, bytes: &[u8]) {
    let mut padded = [0; 40];
    padded[..bytes.len()].copy_from_slice(bytes);
    script.tell(Event::ModelChunk { used: bytes.len() as u8, pad: pad(), index, ts: script.now, bytes: padded });
}

fn activate(script: &mut Script, bytes_total: usize, hash: u64) {
    let bytes_total = bytes_total as u32;
    script.tell(Event::ModelActivate { pad: pad(), bytes_total, ts: script.now, hash, pad2: pad() });
}

/// Whether a market is priced after this was told to a stage that has no model.
fn is_activated(tell: impl Fn(&mut Script)) -> bool {
    let mut script = Script::new(Settings::default());
    tell(&mut script);
    script.warm_up(2880);
    script.list_series();
    script.at(4.0);
    let strike = crate::script::usd(crate::script::SPOT);
    script.list(
        UP,
        trader_journal::event::EventId(1),
        trader_journal::event::StrikeKind::GreaterOrEqual,
        strike,
        trader_journal::units::Money::ZERO,
    );
    script.quote(UP, 4_900, 5_100);
    script.live(5, 31);
    script.evaluation().gate != Gate::WindowMissed
}

#[test]
fn a_model_is_used_when_all_of_it_came_in_order_and_its_hash_is_named() {
    let bytes = encode(&Coefficients::FROZEN);
    let named = hash(&bytes);
    let pieces = |script: &mut Script, order: &[usize]| {
        for index in order {
            chunk(script, *index as u32, &bytes[index * 10..index * 10 + 10]);
        }
    };
    assert!(is_activated(|script| {
        pieces(script, &[0, 1, 2, 3]);
        activate(script, 40, named);
    }));
    assert!(is_activated(|script| {
        // A start that was given up, then the whole.
        pieces(script, &[0, 1, 0, 1, 2, 3]);
        activate(script, 40, named);
    }));
    let refused: [&[usize]; 4] = [&[0, 1, 2], &[0, 2, 1, 3], &[1, 2, 3], &[0, 1, 1, 2, 3]];
    for order in refused {
        assert!(!is_activated(|script| {
            pieces(script, order);
            activate(script, 40, named);
        }));
    }
    assert!(!is_activated(|script| {
        pieces(script, &[0, 1, 2, 3]);
        activate(script, 40, named ^ 1);
    }));
    assert!(!is_activated(|script| {
        pieces(script, &[0, 1, 2, 3]);
        activate(script, 39, named);
    }));
}

#[test]
fn one_coefficient_changes_what_is_said_and_the_state() {
    let run = |coefficients: &Coefficients| {
        let mut script = Script::ready();
        script.activate(coefficients);
        script.prices(crate::script::SPOT + 40);
        script.live(5, 31);
        (script.said_bytes(), trader_journal::stage::Stage::state_hash(&script.pricing))
    };
    let frozen = run(&Coefficients::FROZEN);
    assert_eq!(frozen, run(&Coefficients::FROZEN));
    let altered = run(&Coefficients { b720: 0.0861, ..Coefficients::FROZEN });
    assert_ne!(frozen.0, altered.0);
    assert_ne!(frozen.1, altered.1);
}

#[test]
fn the_table_names_each_room_once_and_each_default_is_built() {
    let mut words: Vec<_> = ROOMS.iter().map(|room| room.word).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), ROOMS.len());
    for purpose in [Purpose::Volatility, Purpose::Distribution] {
        assert!(ROOMS.iter().find(|room| room.purpose == purpose).is_some_and(|room| room.built));
    }
}
