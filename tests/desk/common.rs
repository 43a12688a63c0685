//! A recorded run, and a writer of small journals.

use kalshi_trader::config::Layers;
use kalshi_trader::line::sim::{RunReport, SimRequest, SimRun};
use std::path::{Path, PathBuf};
use trader_journal::event::{Agent, Event, Ring, pad};
use trader_journal::log::{Identity, Options, Origin, Stream, Writer};
use trader_journal::units::Nanos;

/// Trades `windows` quarter hours of an easy day in lockstep; `seed` 14 is one with fills.
pub(super) fn lockstep(dir: &Path, windows: u64, seed: u64) -> RunReport {
    let mut layers = Layers::defaults().unwrap();
    let seed = format!("sim.seed={seed}");
    for setting in [seed.as_str(), "sim.market=easy", "sim.start_date=2026-11-02"] {
        layers.add_setting(setting).unwrap();
    }
    let request =
        SimRequest { candles: Vec::new(), from: None, to: None, windows: Some(windows), data_dir: dir.to_owned() };
    SimRun::prepare(&mut layers, &request).unwrap().trade(|_| ()).unwrap()
}

pub(super) fn journal_of(dir: &Path) -> PathBuf {
    dir.join("journal")
}

pub(super) fn open(dir: &Path, blocks: u32) -> Writer {
    let identity =
        Identity { epoch_nonce: 1, salt_seed: 2, created: Nanos(3), config_hash: [0; 32], build_hash: [0; 32] };
    Writer::open(dir, Options::with_blocks(blocks).unwrap().without_sync(), identity).unwrap()
}

pub(super) fn stream(agent: Agent) -> Stream {
    Stream::new(agent as u8).unwrap()
}

pub(super) fn heard(ring: Ring) -> Origin {
    Origin::heard(ring as u8).unwrap()
}

pub(super) fn timer(number: u64) -> Event {
    Event::Timer { pad: pad(), ts: Nanos(number), due: Nanos(number), pad2: pad() }
}
