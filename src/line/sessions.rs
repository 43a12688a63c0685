//! The two venues' sessions, as the line drives them.

use super::feed::{FeedInput, FeedSession};
use trader_feeds::frames::Frames;
use trader_feeds::{binance, kalshi};
use trader_journal::event::{Agent, Interval};
use trader_journal::stage::Outbox;
use trader_journal::units::Nanos;

impl FeedSession for kalshi::Session {
    const AGENT: Agent = Agent::Kalshi;

    fn says_max(&self) -> usize {
        self.settings().says_max()
    }

    fn frames_max(&self) -> usize {
        kalshi::Settings::FRAMES_MAX
    }

    fn frames_bytes_max(&self) -> usize {
        self.settings().frames_bytes_max()
    }

    fn hear(&mut self, ts: Nanos, input: &FeedInput<'_>, out: &mut Outbox, frames: &mut Frames) {
        match *input {
            FeedInput::Connected { epoch } => self.on_connected(ts, epoch, out, frames),
            FeedInput::Disconnected => self.on_disconnected(ts, out, frames),
            FeedInput::Frame { epoch, bytes } => self.on_frame(ts, epoch, bytes, out, frames),
            FeedInput::Answer { target, status, body } => {
                if let Some(request) = kalshi::rest::RestRequest::of_target(target) {
                    self.on_rest(ts, &kalshi::rest::RestAnswer { request, status, body }, out, frames);
                }
            }
            FeedInput::Timer(event) => self.on(event, out, frames),
        }
    }

    fn next_deadline(&self) -> Nanos {
        kalshi::Session::next_deadline(self)
    }

    fn state_hash(&self) -> u64 {
        kalshi::Session::state_hash(self)
    }
}

impl FeedSession for binance::Session {
    const AGENT: Agent = Agent::Binance;

    fn says_max(&self) -> usize {
        self.settings().says_max()
    }

    fn frames_max(&self) -> usize {
        binance::Settings::FRAMES_MAX
    }

    fn frames_bytes_max(&self) -> usize {
        self.settings().frames_bytes_max()
    }

    fn hear(&mut self, ts: Nanos, input: &FeedInput<'_>, out: &mut Outbox, frames: &mut Frames) {
        match *input {
            FeedInput::Connected { epoch } => self.on_connected(ts, epoch, out, frames),
            FeedInput::Disconnected => self.on_disconnected(ts, out, frames),
            FeedInput::Frame { epoch, bytes } => self.on_frame(ts, epoch, bytes, out, frames),
            FeedInput::Answer { status, body, .. } => {
                let request = binance::RestRequest::Klines(Interval::Minute);
                self.on_rest(ts, &binance::RestAnswer { request, status, body }, out, frames);
            }
            FeedInput::Timer(event) => self.on(event, out, frames),
        }
    }

    fn next_deadline(&self) -> Nanos {
        binance::Session::next_deadline(self)
    }

    fn state_hash(&self) -> u64 {
        binance::Session::state_hash(self)
    }
}
