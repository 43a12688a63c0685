//! Layers, origins, and what a person is told when a file is wrong.

use kalshi_trader::config::{ConfigError, Layers, WAITING, cents, contracts, dollars};
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
        (
            "[account]\nfee_precision_usd = 0.001\n",
            "`account.fee_precision_usd` on line 2: is 0.0001 for a direct member, 0.01 through a broker",
        ),
        ("[orders]\norders_live_max = 65\n", "`orders.orders_live_max` on line 2: 65 is outside 1 ..= 64"),
        (
            "[probability]\ntail_z0 = 5.0\ntail_kappa = 0.3\n",
            "`probability.tail_kappa` on line 3: times probability.tail_z0 must be below 1",
        ),
        (
            "[sim.maker]\ndepth_min_contracts = 3000\n",
            "`sim.maker.depth_min_contracts` on line 2: must not be above sim.maker.depth_max_contracts",
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

/// The program's own text, the configuration's own files left out.
fn readers() -> String {
    let mut text = String::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("src/config") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

fn reads(text: &str, field: &str) -> bool {
    let goes_on = |next: Option<char>| next.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let field = format!(".{field}");
    text.match_indices(&field).any(|(at, _)| !goes_on(text[at + field.len()..].chars().next()))
}

#[test]
fn every_key_is_read_by_somebody_or_named_as_one_that_waits() {
    let (layers, text) = (Layers::defaults().unwrap(), readers());
    let keys: Vec<_> = layers.entries().map(|(key, ..)| key.to_owned()).filter(|key| key != "series").collect();
    let waiting: Vec<_> = WAITING.iter().flat_map(|(keys, _)| keys.iter().copied()).collect();
    for key in &waiting {
        assert!(keys.iter().any(|known| known == key), "{key} is no key");
        assert!(!text.contains(key), "{key} is read: it waits no more");
    }
    // One word, so far, and the check of it is all there is to read.
    let unread = keys.iter().filter(|key| !waiting.contains(&key.as_str()) && *key != "volatility.model");
    let unread: Vec<_> = unread.filter(|key| !reads(&text, key.rsplit('.').next().unwrap())).collect();
    assert_eq!(unread, [""; 0], "nobody reads these");
}

#[test]
fn what_people_write_becomes_whole_units() {
    // 4.35 and 1.1 are a little less, or more, in binary.
    assert_eq!((dollars(4.35).0, dollars(1.1).0, dollars(0.000_001).0), (4_350_000, 1_100_000, 1));
    assert_eq!((cents(4.35).0, cents(0.01).0, contracts(0.07).0, contracts(1.15).0), (43_500, 100, 7, 115));
}
