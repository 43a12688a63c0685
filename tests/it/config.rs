//! Layers, origins, and what a person is told when a file is wrong.

use kalshi_trader::config::{ConfigError, Layers};
use miette::Diagnostic;

fn with(text: &str) -> Result<Layers, ConfigError> {
    let mut layers = Layers::defaults()?;
    layers.add_text("mine.toml", text, false)?;
    Ok(layers)
}

fn refused(text: &str) -> String {
    let error = match with(text) {
        Err(error) => error,
        Ok(layers) => layers.finish().expect_err("this file should have been refused"),
    };
    let help = error.help().map(|help| format!(" [{help}]")).unwrap_or_default();
    format!("{error}{help}")
}

#[test]
fn the_shipped_files_are_whole() {
    let defaults = Layers::defaults().unwrap().finish().unwrap();
    assert_eq!(defaults.edge.edge_gross_min_cents, 4.0);
    let reference = with(include_str!("../../config/reference.toml")).unwrap().finish().unwrap();
    assert_eq!(reference.edge.edge_net_min_cents, 0.0);
    assert_eq!(reference.bankroll.bankroll_usd, 150.0, "what a file does not name stays");
}

#[test]
fn every_value_knows_its_origin() {
    let layers = with("\n[limits]\nposition_max_usd = 25\n").unwrap();
    let (_, value, origin) = layers.entries().find(|(key, ..)| *key == "limits.position_max_usd").unwrap();
    assert_eq!((value.as_str(), origin.source.as_str(), origin.line), ("25.0", "mine.toml", 3));
    let (_, _, other) = layers.entries().find(|(key, ..)| *key == "limits.exposure_max_usd").unwrap();
    assert_eq!(other.source, "default.toml");
}

#[test]
fn the_command_line_wins_and_takes_bare_words() {
    let mut layers = Layers::defaults().unwrap();
    layers.add_setting("sim.market=easy").unwrap();
    layers.add_setting("sim.seed=11").unwrap();
    let config = layers.finish().unwrap();
    assert_eq!((config.sim.market.word(), config.sim.seed), ("easy", 11));
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_its_fix() {
    let cases = [
        (
            "[limits]\nposition_max_usdd = 1\n",
            "unknown key `limits.position_max_usdd` on line 2 [did you mean `position_max_usd`?]",
        ),
        ("[limitz]\nx = 1\n", "unknown key `limitz` on line 1 [did you mean `limits`?]"),
        (
            "[limits]\nposition_max_usd = \"50\"\n",
            "`limits.position_max_usd` on line 2: this is string, it takes float, as in `50.0`",
        ),
        (
            "\n[limits]\nposition_max_usd = 5000.01\n",
            "`limits.position_max_usd` on line 3: 5000.01 is outside 0.01 ..= 5000",
        ),
        ("[window]\nevaluate_to_s = 930\n", "`window.evaluate_from_s` on line 40: must be above window.evaluate_to_s"),
        (
            "[probability]\ndistribution = \"cauchy\"\n",
            "`probability.distribution` on line 2: `cauchy` is not one of: tail_adjusted, student_t, normal",
        ),
        ("[limits]\nposition_max_usd = nan\n", "`limits.position_max_usd` on line 2: this number is out of range"),
    ];
    for (text, expected) in cases {
        let said = refused(text);
        let line_free = |text: &str| text.replace(|digit: char| digit.is_ascii_digit(), "");
        if expected.contains("evaluate_from_s") {
            assert_eq!(line_free(&said), line_free(expected));
        } else {
            assert_eq!(said, expected);
        }
    }
    assert!(refused("[limits\n").starts_with("not valid TOML"));
}

/// `| key | ours | reference | why |` rows of the page that explains the differences.
fn explained() -> Vec<[String; 4]> {
    let page = include_str!("../../docs/reference.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> =
            row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
        cells.try_into().expect("four cells")
    })
    .collect()
}

#[test]
fn every_difference_from_the_reference_system_is_explained() {
    let ours = Layers::defaults().unwrap();
    let theirs = with(include_str!("../../config/reference.toml")).unwrap();
    let theirs: std::collections::BTreeMap<_, _> =
        theirs.entries().map(|(key, value, _)| (key.to_owned(), value)).collect();
    let different: Vec<_> = ours
        .entries()
        .filter(|(key, value, _)| theirs[*key] != *value)
        .map(|(key, value, _)| [key.to_owned(), value, theirs[key].clone()])
        .collect();
    let mut rows: Vec<_> = explained().into_iter().map(|[key, ours, theirs, _]| [key, ours, theirs]).collect();
    rows.sort();
    assert_eq!(rows, different);
    assert!(explained().iter().all(|[.., why]| why.len() > 20), "each says why");
}
