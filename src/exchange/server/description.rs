//! Where an exchange listens and how one comes in: the one JSON line it prints.

use super::ServerError;
use crate::clock::MarketClock;
use crate::config::Difficulty;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use trader_journal::units::Nanos;

/// A description is a line, not a book.
const FILE_BYTES_MAX: u64 = 64 * 1024;
const URLS: [&str; 4] = ["rest_url", "ws_url", "binance_rest_url", "binance_ws_url"];
const TEXTS: [&str; 5] = ["ca_path", "key_id", "key_path", "ed25519_key_id", "ed25519_key_path"];

/// What a client has to know of a mock exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Kalshi REST, with `/trade-api/v2`.
    pub rest_url: String,
    /// Kalshi stream, with its path.
    pub ws_url: String,
    /// Binance REST, without a path.
    pub binance_rest_url: String,
    /// Binance stream, without a path.
    pub binance_ws_url: String,
    /// The certificate to trust, PEM.
    pub ca_path: PathBuf,
    /// The RSA key's name.
    pub key_id: String,
    /// The RSA key, PEM.
    pub key_path: PathBuf,
    /// The Ed25519 key's name.
    pub ed25519_key_id: String,
    /// The Ed25519 key, PEM.
    pub ed25519_key_path: PathBuf,
    /// Its market time.
    pub clock: ClockDescription,
    /// What its market is made of.
    pub sim: MarketDescription,
}

/// What must be said of a synthetic market wherever something of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketDescription {
    /// How hard its makers are to beat.
    pub difficulty: Difficulty,
    /// Standard deviation of their error of ln σ.
    pub noise: f64,
    /// Of everything drawn.
    pub seed: u64,
}

/// Market time as another process can follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockDescription {
    /// Wall time at its beginning, ns.
    pub wall_start_ns: u64,
    /// Market time at its beginning, ns.
    pub market_start_ns: u64,
    /// How many times as fast as the wall it runs.
    pub speed: u32,
}

/// Why a description cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// It cannot be read.
    #[error("cannot read {path}: {reason}; give the file that holds the line `kalshi-trader exchange` printed")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// It is no JSON object.
    #[error("{path} is not the line `kalshi-trader exchange` printed: {reason}")]
    NotJson {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A key is not there, or is of another kind.
    #[error("{path} has no usable `{key}`: give the whole line `kalshi-trader exchange` printed")]
    Missing {
        /// The file.
        path: String,
        /// The key.
        key: &'static str,
    },
    /// It leads somewhere else.
    #[error(
        "{path}: `{key}` leads to {url}; a mock exchange is on this machine: its URLs begin with https://127.0.0.1 or wss://127.0.0.1"
    )]
    NotLoopback {
        /// The file.
        path: String,
        /// The key.
        key: &'static str,
        /// The URL.
        url: String,
    },
}

impl Description {
    /// Reads the line an exchange printed.
    ///
    /// # Errors
    /// [`DescriptionError`]; whatever does not stay on this machine is refused.
    pub fn read(path: &Path) -> Result<Description, DescriptionError> {
        let name = || path.display().to_string();
        let unreadable = |reason: String| DescriptionError::Unreadable { path: name(), reason };
        let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
        if size > FILE_BYTES_MAX {
            return Err(unreadable(format!("it has {size} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let value: Value = serde_json::from_str(text.trim())
            .map_err(|error| DescriptionError::NotJson { path: name(), reason: error.to_string() })?;
        let missing = |key| DescriptionError::Missing { path: name(), key };
        for key in URLS {
            let url = value[key].as_str().ok_or_else(|| missing(key))?;
            if !is_loopback(url, key.ends_with("ws_url")) {
                return Err(DescriptionError::NotLoopback { path: name(), key, url: url.to_owned() });
            }
        }
        if let Some(key) = TEXTS.into_iter().find(|key| value[*key].as_str().is_none_or(str::is_empty)) {
            return Err(missing(key));
        }
        let has_clock = serde_json::from_value::<ClockDescription>(value["clock"].clone()).is_ok();
        serde_json::from_value(value).map_err(|_| missing(if has_clock { "sim" } else { "clock" }))
    }

    /// It as one line of JSON, labelled.
    ///
    /// # Errors
    /// A path is not Unicode: name another folder.
    pub fn line(&self) -> Result<String, ServerError> {
        let mut value = serde_json::to_value(self).map_err(|error| ServerError::Folder(error.to_string()))?;
        value["market"] = "synthetic".into();
        value["evidence"] = false.into();
        Ok(value.to_string())
    }

    /// The market time it describes, as far as the exchange kept up with it.
    #[must_use]
    pub fn market_clock(&self) -> MarketClock {
        let ClockDescription { wall_start_ns, market_start_ns, speed } = self.clock;
        MarketClock::begun_at(Nanos(wall_start_ns), Nanos(market_start_ns), speed)
    }
}

/// Whether a URL of TLS leads to this machine. Names other than `localhost` may mean anything.
fn is_loopback(url: &str, is_stream: bool) -> bool {
    let scheme = if is_stream { "wss://" } else { "https://" };
    url.starts_with(scheme)
        && crate::socket::url::Url::parse(url).is_ok_and(|url| {
            url.host == "localhost" || url.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        })
}
