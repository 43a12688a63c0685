//! The state of each subscription of one connection.

use super::words::Channel;
use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;

/// So many messages behind in a row are no late repeats: the venue counts from anew.
const BEHIND_MAX: u32 = 64;

/// How far a subscription has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineState {
    /// Not asked for; to be asked for from `retry_at` on.
    Off,
    /// Asked for with this command.
    Asked(u64),
    /// Confirmed under this number.
    On(u32),
}

/// Where a message's number puts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The next one.
    Next,
    /// Something before it was lost.
    Ahead,
    /// It came before, or late.
    Behind,
}

/// One subscription.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) state: LineState,
    /// When it was asked for or confirmed.
    pub(crate) since: Nanos,
    /// Not to be asked for earlier.
    pub(crate) retry_at: Nanos,
    /// The command that last changed its markets; zero for none.
    pub(crate) update: u64,
    next_seq: Option<u64>,
    /// Messages in a row that came behind.
    behind: u32,
}

impl Line {
    const OFF: Line =
        Line { state: LineState::Off, since: Nanos(0), retry_at: Nanos(0), update: 0, next_seq: None, behind: 0 };

    /// Takes the number of a message. The first one of a subscription may be any. A repeat does
    /// not lower what is expected next: the rest of what is repeated would look like news.
    pub(crate) const fn take(&mut self, seq: u64) -> Place {
        let (expected, next) = match self.next_seq {
            Some(expected) => (expected, seq.wrapping_add(1)),
            None => (seq, seq.wrapping_add(1)),
        };
        if seq < expected && self.behind < BEHIND_MAX {
            self.behind += 1;
            return Place::Behind;
        }
        self.behind = 0;
        self.next_seq = Some(next);
        if seq == expected { Place::Next } else { Place::Ahead }
    }

    /// Takes the number of a command's reply. Whether replies are counted with the data is not
    /// documented: one that repeats the last number is taken as not counted.
    pub(crate) fn take_reply(&mut self, seq: u64) -> Place {
        if self.next_seq == Some(seq.wrapping_add(1)) { Place::Next } else { self.take(seq) }
    }

    pub(crate) const fn sid(&self) -> Option<u32> {
        match self.state {
            LineState::On(sid) => Some(sid),
            _ => None,
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.sid().is_some()
    }
}

/// All subscriptions of one connection.
#[derive(Debug)]
pub(crate) struct Lines {
    lines: [Line; Channel::ALL.len()],
    last_command: u64,
}

impl Lines {
    /// Nothing asked for yet: the state of a new connection.
    pub(crate) const NEW: Lines = Lines { lines: [Line::OFF; Channel::ALL.len()], last_command: 0 };

    pub(crate) const fn line(&self, channel: Channel) -> &Line {
        &self.lines[channel as usize]
    }

    pub(crate) const fn line_mut(&mut self, channel: Channel) -> &mut Line {
        &mut self.lines[channel as usize]
    }

    /// The next command's number: from 1, unique in the connection.
    pub(crate) const fn next_command(&mut self) -> u64 {
        self.last_command += 1;
        self.last_command
    }

    pub(crate) fn ask(&mut self, channel: Channel, command: u64, now: Nanos) {
        let line = self.line_mut(channel);
        *line = Line { state: LineState::Asked(command), since: now, ..Line::OFF };
    }

    pub(crate) fn confirm(&mut self, channel: Channel, sid: u32, now: Nanos) {
        let line = self.line_mut(channel);
        *line = Line { state: LineState::On(sid), since: now, ..Line::OFF };
    }

    /// Ends a subscription; it is asked for again at once if it lasted, else after `retry` nanoseconds.
    pub(crate) fn drop_line(&mut self, channel: Channel, retry: u64) {
        let line = self.line_mut(channel);
        *line = Line { retry_at: line.since.plus(retry), ..Line::OFF };
    }

    /// Ends a subscription that is not wanted any more.
    pub(crate) const fn close(&mut self, channel: Channel) {
        *self.line_mut(channel) = Line::OFF;
    }

    /// The channel that is on under this number.
    pub(crate) fn channel_of(&self, sid: u32) -> Option<Channel> {
        Channel::ALL.into_iter().find(|channel| self.line(*channel).sid() == Some(sid))
    }

    /// Whether the channel is off and may be asked for.
    pub(crate) fn may_ask(&self, channel: Channel, now: Nanos) -> bool {
        let line = self.line(channel);
        line.state == LineState::Off && line.retry_at <= now
    }

    pub(crate) fn hash_into(&self, hash: &mut StateHash) {
        hash.mix(self.last_command);
        for line in &self.lines {
            let (state, number) = match line.state {
                LineState::Off => (0, 0),
                LineState::Asked(command) => (1, command),
                LineState::On(sid) => (2, u64::from(sid)),
            };
            let next_seq = line.next_seq.map_or(0, |seq| seq.wrapping_add(1));
            let words = [state, number, line.since.0, line.retry_at.0, line.update, next_seq, u64::from(line.behind)];
            words.into_iter().for_each(|word| hash.mix(word));
        }
    }

    /// Whether an error for this command means that the channel is not subscribed: it was the
    /// subscription itself, or a change of one that is `gone`.
    pub(crate) fn is_failed_by(&self, channel: Channel, command: u64, gone: bool) -> bool {
        let line = self.line(channel);
        line.state == LineState::Asked(command) || (gone && line.is_on() && line.update == command)
    }
}
