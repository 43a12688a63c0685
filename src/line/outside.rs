//! A line's ports over sockets: two WebSockets, HTTPS for the orders, and the scouts' threads.

use super::feed::answer_bytes_max;
use super::lead::{Lead, MadeAt, Purpose};
use super::port::{FeedPort, PortEvent, PortStats, Ports, SkewOf};
use super::stages::Stages;
use crate::clock::{self, MarketClock};
use crate::config::Config;
use crate::gateway::port::{OrderGateway, OrderSettings};
use crate::scout::caller::{self, CallerSettings, Pace, ScoutThread};
use crate::scout::{AskSettings, Scout, ScoutSettings};
use crate::signer::Key;
use crate::signer::pool::{self, PoolError, PoolSettings};
use crate::skew::{SkewGauge, worst_ns};
use crate::socket::link::{Handshake, Link, LinkEvent, LinkSettings};
use crate::socket::reactor::Reactor;
use crate::socket::url::{Url, UrlError};
use rustls::ClientConfig;
use std::io;
use std::sync::Arc;
use thiserror::Error;
use trader_journal::units::Nanos;
use trader_ring::CapacityError;
use trader_ring::bytes;

/// Where a venue is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Its REST API, as `https://host:port` and whatever path.
    pub rest_url: String,
    /// Its stream, with its path.
    pub ws_url: String,
}

/// What a line is connected to.
pub struct Outside {
    /// Kalshi.
    pub kalshi: Venue,
    /// Binance.
    pub binance: Venue,
    /// Whom to trust.
    pub tls: Arc<ClientConfig>,
    /// Signs what Kalshi is told and asked.
    pub key: Arc<Key>,
    /// Whether market time is that of an exchange in another process, which our clock has to follow.
    pub leads_the_clock: bool,
}

/// Why a line cannot be connected.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// An address that is none.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// No thread for the signatures.
    #[error(transparent)]
    Signer(#[from] PoolError),
    /// No thread for a scout.
    #[error("the system has no room for a scout's thread: {0}")]
    Scout(#[from] io::Error),
    /// A ring for the scouts' answers cannot be made: lower capacity.frame_bytes_max.
    #[error("a ring for answers cannot be made: {0}; lower capacity.frame_bytes_max")]
    Ring(#[from] CapacityError),
}

/// Threads beside the line's own; they end when this is dropped.
pub struct Helpers {
    /// Asks for series, markets and candles.
    pub market_scout: ScoutThread,
    /// Asks for the account.
    pub portfolio_scout: ScoutThread,
}

/// Makes the ports and starts the helpers; the streams connect when the line asks them for the first time.
///
/// # Errors
/// [`ConnectError`]; nothing runs then.
pub fn connect(
    outside: &Outside,
    config: &Config,
    stages: &Stages,
    clock: &MarketClock,
) -> Result<(Ports, Helpers), ConnectError> {
    let ring_bytes = (2 * answer_bytes_max(stages.frame_bytes_max)).next_power_of_two();
    let (of_markets, markets) = bytes::ring(ring_bytes)?;
    let (of_account, account) = bytes::ring(ring_bytes)?;
    let (of_candles, candles) = bytes::ring(ring_bytes)?;
    let now = clock.now();
    let market = ScoutSettings::market(config);
    let history_answers = history_answers(&market, now);
    let urls = [outside.kalshi.rest_url.as_str(), outside.binance.rest_url.as_str()];
    let ask = AskSettings::of(config, urls, Arc::clone(&outside.tls));
    let scout = |name, settings, ask, kalshi, binance| {
        let (scout, pace) = (Scout::new(settings, now), Pace::of(config));
        caller::start(CallerSettings { name, scout, ask, pace, clock: clock.clone(), kalshi, binance })
    };
    let signed_ask = ask.clone().signed(Arc::clone(&outside.key));
    let helpers = Helpers {
        market_scout: scout("market-scout", market, ask, of_markets, Some(of_candles))?,
        portfolio_scout: scout("portfolio-scout", ScoutSettings::account(config), signed_ask, of_account, None)?,
    };
    let (pool, signer) = pool::start(Arc::clone(&outside.key), PoolSettings::of(config))?;
    let orders = OrderSettings::of(config, stages.shard, &outside.kalshi.rest_url, Arc::clone(&outside.tls));
    let wish = helpers.portfolio_scout.wish();
    let gauge = Arc::new(SkewGauge::default());
    let lead = |made_at, purpose| Some(Lead::new(clock.clone(), made_at, purpose));
    let ports = Ports {
        kalshi: Box::new(LinkPort {
            lead: lead(MadeAt::Kalshi, Purpose::Tell(Arc::clone(&gauge))),
            ..LinkPort::new(&outside.kalshi, config, outside, signed(&outside.key, &outside.kalshi)?)?
        }),
        kalshi_answers: vec![markets, account],
        binance: Box::new(LinkPort {
            lead: if outside.leads_the_clock { lead(MadeAt::Binance, Purpose::Follow) } else { None },
            ..LinkPort::new(&outside.binance, config, outside, Box::new(Vec::new))?
        }),
        binance_answers: vec![candles],
        history_answers,
        orders: Box::new(OrderGateway::new(&orders, (pool, Some(signer)), clock.clone())?),
        read_account: Box::new(move |since| wish.read_account(since)),
        skew: skew_of(&helpers, gauge),
    };
    Ok((ports, helpers))
}

/// The worst that the answers and the stream show.
fn skew_of(helpers: &Helpers, stream: Arc<SkewGauge>) -> SkewOf {
    let scouts = [&helpers.market_scout, &helpers.portfolio_scout].map(|scout| Arc::clone(scout.health()));
    Box::new(move || worst_ns(scouts.iter().map(|health| health.skew_ns()).chain([stream.skew_ns()])))
}

/// How many answers the history comes in.
fn history_answers(settings: &ScoutSettings, now: Nanos) -> usize {
    let mut scout = Scout::new(settings.clone(), now);
    std::iter::from_fn(|| scout.asks_candles().then(|| scout.next(now))).count()
}

/// The headers of an upgrade, signed anew for each.
fn signed(key: &Arc<Key>, venue: &Venue) -> Result<Handshake, UrlError> {
    let (key, path) = (Arc::clone(key), Url::parse(&venue.ws_url)?.target);
    Ok(Box::new(move || {
        let headers = key.headers(clock::wall(), "GET", &path);
        headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }))
}

/// A WebSocket as a feed sees it.
struct LinkPort {
    link: Link,
    /// What its frames say of the time.
    lead: Option<Lead>,
}

impl LinkPort {
    fn new(venue: &Venue, config: &Config, outside: &Outside, handshake: Handshake) -> Result<LinkPort, UrlError> {
        let url = Url::parse(&venue.ws_url)?;
        let settings = LinkSettings::of(config, url, Arc::clone(&outside.tls), clock::wall().0);
        Ok(LinkPort { link: Link::new(settings, handshake)?, lead: None })
    }
}

impl FeedPort for LinkPort {
    fn next(&mut self, reactor: &mut Reactor, wall: Nanos) -> Option<PortEvent<'_>> {
        let Some(event) = self.link.work(reactor, wall) else {
            self.lead.iter_mut().for_each(|lead| lead.saw_nothing(wall));
            return None;
        };
        Some(match event {
            LinkEvent::Up { epoch } => PortEvent::Up { epoch },
            LinkEvent::Frame { epoch, bytes } => {
                self.lead.iter_mut().for_each(|lead| lead.see(bytes));
                PortEvent::Frame { epoch, bytes }
            }
            LinkEvent::Down { epoch, .. } => PortEvent::Down { epoch },
            LinkEvent::Failed { .. } => PortEvent::Failed,
        })
    }

    fn send(&mut self, frame: &[u8]) {
        self.link.send(frame);
    }

    fn next_deadline(&self) -> Nanos {
        self.link.next_deadline()
    }

    fn close(&mut self, reactor: &mut Reactor) {
        self.link.close();
        // It says goodbye; who does not answer is not waited for.
        while self.link.work(reactor, Nanos(0)).is_some() {}
    }

    fn stats(&self) -> PortStats {
        let stats = self.link.stats();
        PortStats {
            reconnects: stats.reconnects,
            frames: stats.frames,
            last_fault: stats.last_fault.map(|fault| fault.to_string()),
        }
    }
}
