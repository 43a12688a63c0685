//! Our way out meets the mock exchange as a process of its own: its certificate, its keys, its market.

use crate::orders::{Desk, command, create, named};
use crate::wait_until;
use kalshi_trader::clock::MarketClock;
use kalshi_trader::config::Layers;
use kalshi_trader::exchange::server::Description;
use kalshi_trader::gateway::port::{OrderGateway, OrderSettings};
use kalshi_trader::line::port::{OrderPort, OrderTurn};
use kalshi_trader::line::split_answer;
use kalshi_trader::scout::caller::{CallerSettings, Pace, start};
use kalshi_trader::scout::{AskSettings, Scout, ScoutSettings};
use kalshi_trader::signer::Key;
use kalshi_trader::signer::pool::{self, PoolSettings};
use kalshi_trader::socket::reactor::Reactor;
use kalshi_trader::socket::tls;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use trader_journal::event::{Event, RejectReason};
use trader_journal::units::Nanos;
use trader_ring::bytes;

const SOON: Duration = Duration::from_secs(30);

/// The exchange, ended when the test is.
struct Exchange {
    process: Child,
    how: Description,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn exchange(dir: &Path) -> Exchange {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalshi-trader"));
    command.args(["exchange", "--seed", "7", "--windows", "2", "--dir"]).arg(dir);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let how = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    Exchange { process, how }
}

#[test]
fn both_kinds_of_key_and_the_orders_way_are_taken_by_the_mock_exchange() {
    let dir = tempfile::tempdir().unwrap();
    let exchange = exchange(&dir.path().join("exchange"));
    let how = &exchange.how;
    let config = Layers::defaults().unwrap().finish().unwrap();
    let clock =
        MarketClock::begun_at(Nanos(how.clock.wall_start_ns), Nanos(how.clock.market_start_ns), how.clock.speed);
    let tls = tls::client_config(Some(&how.ca_path)).unwrap();
    let keys = [(&how.key_path, &how.key_id), (&how.ed25519_key_path, &how.ed25519_key_id)];
    for (path, id) in keys {
        let key = Arc::new(Key::read(path, id).unwrap());

        // A round through the account, signed.
        let (kalshi, mut answers) = bytes::ring(1 << 20).unwrap();
        let urls = [how.rest_url.as_str(), how.binance_rest_url.as_str()];
        let settings = CallerSettings {
            name: "portfolio-scout",
            scout: Scout::new(ScoutSettings::account(&config), clock.now()),
            ask: AskSettings::of(&config, urls, Arc::clone(&tls)).signed(Arc::clone(&key)),
            pace: Pace::of(&config),
            clock: clock.clone(),
            kalshi,
            binance: None,
        };
        let scout = start(settings).unwrap();
        let mut heard = Vec::new();
        wait_until("the cash is told", SOON, || {
            if let Some(record) = answers.pop() {
                heard.push((record.tag, split_answer(record.bytes).unwrap().0.to_owned()));
            }
            heard.iter().any(|(_, target)| target.ends_with("/portfolio/balance"))
        });
        assert!(heard.len() >= 6 && heard.iter().all(|(status, _)| *status == 200), "{heard:?}");
        let report = scout.health().report();
        assert_eq!((report.failed, &report.troubles), (0, &[None, None]));

        // An order, whose market the exchange does not know: it got that far.
        let settings = OrderSettings::of(&config, 2, &how.rest_url, Arc::clone(&tls));
        let (pool, signer) = pool::start(key, PoolSettings::of(&config)).unwrap();
        let mut gateway = OrderGateway::new(&settings, (pool, Some(signer)), clock.clone()).unwrap();
        let (mut reactor, mut desk) = (Reactor::new().unwrap(), Desk::new(16));
        gateway.hear(&named(7));
        let mut work = |gateway: &mut OrderGateway, desk: &mut Desk| {
            reactor.turn(Some(Duration::from_millis(1)));
            let (now, wall) = (clock.now(), clock.wall_now());
            let (pen, replies) = (&mut desk.pens.shell, &mut desk.replies);
            gateway.work(OrderTurn { now, wall, reactor: &mut reactor, committed: 1, pen, replies }).unwrap();
        };
        wait_until("its connections are up", SOON, || {
            work(&mut gateway, &mut desk);
            gateway.agent().connections().all(|connection| connection.is_ready())
        });
        gateway.accept(&command(create(1)), 1);
        let mut told = Vec::new();
        wait_until("the reply", SOON, || {
            work(&mut gateway, &mut desk);
            told = desk.told();
            !told.is_empty()
        });
        let unknown = RejectReason::MarketNotFound;
        assert!(matches!(told[..], [Event::OrderRejected { reason, .. }] if reason == unknown), "{told:?}");
        let signatures = gateway.signatures();
        assert_eq!(signatures.taken + signatures.inline, 1);
    }
}
