//! The commands this session sends, as the venue's JSON.

use super::words::Channel;
use crate::frames::Frames;
use crate::text::Digits;

/// What to do with markets of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    Add,
    Delete,
    Snapshot,
}

impl Update {
    const fn word(self) -> &'static [u8] {
        match self {
            Update::Add => b"add_markets",
            Update::Delete => b"delete_markets",
            Update::Snapshot => b"get_snapshot",
        }
    }
}

/// Subscribes to channels that take no filter.
pub(crate) fn subscribe(frames: &mut Frames, id: u64, channels: &[Channel]) {
    open(frames, id, b"subscribe");
    put_channels(frames, channels);
    close(frames);
}

/// Subscribes to one index.
pub(crate) fn subscribe_index(frames: &mut Frames, id: u64, index_id: &str) {
    open(frames, id, b"subscribe");
    put_channels(frames, &[Channel::Index]);
    put_all(frames, &[b",\"index_ids\":[\"", index_id.as_bytes(), b"\"]"]);
    close(frames);
}

/// Subscribes to markets; the scale of NO levels is always asked for, because its default will change.
pub(crate) fn subscribe_markets<'t>(
    frames: &mut Frames,
    id: u64,
    channels: &[Channel],
    tickers: impl Iterator<Item = &'t [u8]>,
) {
    open(frames, id, b"subscribe");
    put_channels(frames, channels);
    frames.put(b",");
    put_tickers(frames, tickers);
    frames.put(b",\"use_yes_price\":true");
    close(frames);
}

/// Changes which markets a subscription has, or asks for their books.
pub(crate) fn update<'t>(
    frames: &mut Frames,
    id: u64,
    sid: u32,
    update: Update,
    tickers: impl Iterator<Item = &'t [u8]>,
) {
    open(frames, id, b"update_subscription");
    put_all(frames, &[b"\"sids\":[", Digits::decimal(u64::from(sid)).as_bytes(), b"],"]);
    put_tickers(frames, tickers);
    put_all(frames, &[b",\"action\":\"", update.word(), b"\""]);
    close(frames);
}

/// Ends subscriptions.
pub(crate) fn unsubscribe(frames: &mut Frames, id: u64, sid: u32) {
    open(frames, id, b"unsubscribe");
    put_all(frames, &[b"\"sids\":[", Digits::decimal(u64::from(sid)).as_bytes(), b"]"]);
    close(frames);
}

fn open(frames: &mut Frames, id: u64, cmd: &[u8]) {
    put_all(frames, &[b"{\"id\":", Digits::decimal(id).as_bytes(), b",\"cmd\":\"", cmd, b"\",\"params\":{"]);
}

fn close(frames: &mut Frames) {
    frames.put(b"}}");
    frames.close();
}

fn put_channels(frames: &mut Frames, channels: &[Channel]) {
    frames.put(b"\"channels\":");
    put_list(frames, channels.iter().map(|channel| channel.word().as_bytes()));
}

fn put_tickers<'t>(frames: &mut Frames, tickers: impl Iterator<Item = &'t [u8]>) {
    frames.put(b"\"market_tickers\":");
    put_list(frames, tickers);
}

/// Tickers hold nothing that JSON would have to escape: see [`super::ticker::Ticker`].
fn put_list<'t>(frames: &mut Frames, words: impl Iterator<Item = &'t [u8]>) {
    for (at, word) in words.enumerate() {
        let before: &[u8] = if at == 0 { b"[\"" } else { b"\",\"" };
        put_all(frames, &[before, word]);
    }
    frames.put(b"\"]");
}

fn put_all(frames: &mut Frames, parts: &[&[u8]]) {
    for part in parts {
        frames.put(part);
    }
}
