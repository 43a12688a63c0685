//! Model files: what is trained can be read again, and what is not whole is refused with the reason.

use super::common::{DAY, walk};
use kalshi_trader::research::card::{Card, CardError};
use kalshi_trader::research::train::{KindError, TRAINERS, TrainError, check};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn trained(kind: &str, days: u64) -> Result<Card, TrainError> {
    let trainer = TRAINERS.iter().find(|trainer| trainer.kind == kind).unwrap();
    (trainer.train)(walk(days * DAY, 11, |_| false).candles(), trainer)
}

fn written() -> (TempDir, PathBuf, Card) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ewma3.model");
    let card = trained("ewma3", 40).unwrap();
    card.write(&file).unwrap();
    (folder, file, card)
}

#[test]
fn every_model_that_can_be_trained_is_read_back_bit_for_bit() {
    for trainer in TRAINERS {
        let card = (trainer.train)(walk(45 * DAY, 12, |_| false).candles(), trainer).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model");
        card.write(&file).unwrap();
        assert_eq!(Card::read(&file).unwrap(), card, "{}", trainer.kind);
        assert_eq!(check(&card), Ok(()), "{}", trainer.kind);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}

#[test]
fn the_same_candles_train_the_same_model_and_others_another() {
    let cards = [40, 40, 41].map(|days| trained("ewma3", days).unwrap().hash());
    assert!(cards[0] == cards[1] && cards[0] != cards[2]);
}

#[test]
fn too_little_teaches_nothing() {
    assert!(matches!(trained("ewma3", 20), Err(TrainError::TooShort { .. })));
    let still = walk(1, 1, |_| false).candles()[0];
    let minute = |at: u64| kalshi_trader::candles::Candle {
        open_time: still.open_time.plus(at * 60_000_000_000),
        open: still.open,
        high: still.open,
        low: still.open,
        close: still.open,
        ..still
    };
    let still: Vec<_> = (0..40 * DAY).map(minute).collect();
    assert!(matches!((TRAINERS[0].train)(&still, &TRAINERS[0]), Err(TrainError::Unsettled)));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let (_folder, file, _) = written();
    let text = fs::read(&file).unwrap();
    for length in 0..text.trim_ascii_end().len() {
        fs::write(&file, &text[..length]).unwrap();
        let error = Card::read(&file).unwrap_err();
        assert!(matches!(error, CardError::CutOff { .. }), "{length}: {error}");
    }
}

#[test]
fn what_was_altered_newer_or_foreign_is_refused_with_the_reason() {
    let (_folder, file, card) = written();
    let text = fs::read_to_string(&file).unwrap();
    let slope = card.parameters["slopes"][0].as_str().unwrap();
    let change = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        Card::read(&file).unwrap_err()
    };
    assert!(matches!(change(slope, "0.5"), CardError::Altered { .. }));
    assert!(matches!(change("\"version\": 1", "\"version\": 2"), CardError::Newer { version: 2, .. }));
    assert!(matches!(change("\"version\": 1", "\"version\": -1"), CardError::Foreign { .. }));
    assert!(matches!(change("kalshi-trader model", "another"), CardError::Foreign { .. }));
    fs::write(&file, b"\x00\xff").unwrap();
    assert!(matches!(Card::read(&file), Err(CardError::Foreign { .. })));
    assert!(matches!(Card::read(&file.with_extension("none")), Err(CardError::File { .. })));
}

#[test]
fn other_features_kinds_and_parameters_are_refused() {
    let card = trained("ewma3", 40).unwrap();
    let features = Card { features: "the moon".to_owned(), ..card.clone() };
    assert!(matches!(check(&features), Err(KindError::Features { .. })));
    assert_eq!(check(&Card { kind: "moon".to_owned(), ..card.clone() }), Err(KindError::Unknown("moon".to_owned())));
    for wrong in ["NaN", "inf", "-4", "x"] {
        let mut card = card.clone();
        card.parameters["slopes"][1] = Value::from(wrong);
        assert_eq!(check(&card), Err(KindError::Parameters), "{wrong}");
    }
    let mut short = card;
    short.parameters["slopes"].as_array_mut().unwrap().pop();
    assert_eq!(check(&short), Err(KindError::Parameters));
}
