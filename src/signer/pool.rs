//! Signatures of creates, made ahead on a thread of their own.
//!
//! What is signed of a create is its time, method and path, the same for every order: so the dearest
//! step of sending one (an RSA signature is most of a millisecond) can be done before the order
//! exists. Each is used once, and none that is older than the configuration allows; when there is none, the
//! order is signed on the spot and counted.

use super::key::{Key, Signature};
use crate::{clock, thread};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;
use trader_feeds::kalshi::request::CREATE_PATH;
use trader_ring::CapacityError;
use trader_ring::bytes::{self, ByteConsumer, ByteProducer};

/// Room for two signatures of the longest key, and for eleven of the usual one.
const RING_BYTES: usize = 4096;
/// How long the thread rests when every place is taken.
const REST: Duration = Duration::from_millis(2);

/// How many signatures are kept, and how old they may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSettings {
    /// How many are kept ready.
    pub ready: usize,
    /// Older ones are not used, ms of wall time; at half of it they are made anew.
    pub age_ms_max: u64,
}

impl PoolSettings {
    /// The settings of a configuration.
    #[must_use]
    pub fn of(config: &crate::config::Config) -> PoolSettings {
        PoolSettings { ready: config.signer.signatures_ready as usize, age_ms_max: config.signer.signature_age_ms_max }
    }
}

/// The thread of the pool cannot be started.
#[derive(Debug, Error)]
pub enum PoolError {
    /// Its ring cannot be made.
    #[error("the ring of the signatures cannot be made: {0}")]
    Ring(#[from] CapacityError),
    /// The system has no room for another thread.
    #[error("the thread \"signer\" cannot be started: {0}; close other programs")]
    Thread(#[from] io::Error),
}

/// What became of the signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    /// Taken from the pool.
    pub taken: u64,
    /// Made on the spot, because none was ready.
    pub inline: u64,
    /// Thrown away because they got too old.
    pub stale: u64,
}

/// Makes signatures as long as there is room for them.
pub struct Maker {
    key: Arc<Key>,
    ring: ByteProducer,
}

impl Maker {
    /// Makes one for wall time `wall_ms`; `false` when there is no room.
    pub fn work(&mut self, wall_ms: u64) -> bool {
        if !self.ring.has_room(self.ring.record_max_bytes() / 2) {
            return false;
        }
        let signature = self.key.sign(wall_ms, "POST", CREATE_PATH);
        self.ring.push(wall_ms, 0, signature.as_str().as_bytes()).is_ok()
    }
}

/// The thread that makes them; it ends when this is dropped.
#[derive(Debug)]
pub struct Signer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // It only signs; that it panicked is told by the pool, which finds nothing ready.
            let _ = thread.join();
        }
    }
}

/// The signatures that are ready, on the side of who uses them.
pub struct Pool {
    key: Arc<Key>,
    settings: PoolSettings,
    ring: Option<ByteConsumer>,
    /// Oldest first.
    ready: VecDeque<(u64, Signature)>,
    counts: PoolCounts,
}

/// A pool with a thread that fills it.
///
/// # Errors
/// [`PoolError`].
pub fn start(key: Arc<Key>, settings: PoolSettings) -> Result<(Pool, Signer), PoolError> {
    let (pool, mut maker) = Pool::new(key, settings)?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let thread = thread::spawn("signer", move || {
        while !told.load(Ordering::Acquire) && !maker.ring.is_abandoned() {
            if !maker.work(wall_ms()) {
                thread::rest(REST);
            }
        }
    })?;
    Ok((pool, Signer { stop, thread: Some(thread) }))
}

/// Wall time as signatures have it, ms since the Unix epoch.
#[must_use]
pub fn wall_ms() -> u64 {
    clock::wall().0 / 1_000_000
}

impl Pool {
    /// A pool and who fills it, whoever lets that work.
    ///
    /// # Errors
    /// [`PoolError::Ring`].
    pub fn new(key: Arc<Key>, settings: PoolSettings) -> Result<(Pool, Maker), PoolError> {
        let (producer, consumer) = bytes::ring(RING_BYTES)?;
        let maker = Maker { key: Arc::clone(&key), ring: producer };
        let mut pool = Pool::inline(key, settings);
        pool.ring = Some(consumer);
        Ok((pool, maker))
    }

    /// A pool that nobody fills: everything is signed on the spot.
    #[must_use]
    pub fn inline(key: Arc<Key>, settings: PoolSettings) -> Pool {
        let ready = VecDeque::with_capacity(settings.ready + 1);
        Pool { key, settings, ring: None, ready, counts: PoolCounts::default() }
    }

    /// The key it signs with.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What became of the signatures so far.
    #[must_use]
    pub const fn counts(&self) -> PoolCounts {
        self.counts
    }

    /// How many are ready.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Takes over what was made: into free places, and in place of what grows old. For idle moments.
    pub fn tend(&mut self, wall_ms: u64) {
        let refresh_ms = self.settings.age_ms_max / 2;
        let is_old = |made_ms: u64| made_ms.abs_diff(wall_ms) > refresh_ms;
        let Some(ring) = &mut self.ring else { return };
        loop {
            let is_full = self.ready.len() >= self.settings.ready;
            if is_full && self.ready.front().is_none_or(|(made_ms, _)| !is_old(*made_ms)) {
                return;
            }
            let Some(record) = ring.pop() else { return };
            if is_old(record.ts_ns) {
                self.counts.stale += 1;
                continue;
            }
            if is_full {
                self.counts.stale += 1;
                self.ready.pop_front();
            }
            let text = String::from_utf8_lossy(record.bytes).into_owned();
            self.ready.push_back((record.ts_ns, Signature::from_text(text)));
        }
    }

    /// The headers of a create that leaves at wall time `wall_ms`.
    pub fn create_headers(&mut self, wall_ms: u64) -> [(&'static str, String); 3] {
        self.tend(wall_ms);
        while let Some((made_ms, signature)) = self.ready.pop_front() {
            // A clock that was set back makes them too young: the venue refuses both alike.
            if made_ms.abs_diff(wall_ms) <= self.settings.age_ms_max {
                self.counts.taken += 1;
                return self.key.headers_of(made_ms, signature);
            }
            self.counts.stale += 1;
        }
        self.counts.inline += 1;
        self.key.headers_of(wall_ms, self.key.sign(wall_ms, "POST", CREATE_PATH))
    }
}
