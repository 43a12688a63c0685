//! What a session wants sent on its WebSocket: byte strings, in order, in memory taken once.

/// Text frames to send. Whoever owns the socket sends them in order and clears.
#[derive(Debug)]
pub struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    bytes_max: usize,
    frames_max: usize,
}

impl Frames {
    /// Room for what one step of a session may send at most.
    #[must_use]
    pub fn new(frames_max: usize, bytes_max: usize) -> Frames {
        Frames { bytes: Vec::with_capacity(bytes_max), ends: Vec::with_capacity(frames_max), bytes_max, frames_max }
    }

    /// Appends one frame made of `parts`.
    ///
    /// # Panics
    /// When a session sends more than the worst case it declared: that is our bug, and a
    /// command that is silently not sent would leave the session waiting for its reply.
    pub fn push(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.put(part);
        }
        self.close();
    }

    /// Appends to the frame being written.
    pub(crate) fn put(&mut self, part: &[u8]) {
        assert!(self.bytes.len() + part.len() <= self.bytes_max, "a session sent more than its declared worst case");
        self.bytes.extend_from_slice(part);
    }

    /// Ends the frame being written.
    pub(crate) fn close(&mut self) {
        assert!(self.ends.len() < self.frames_max, "a session sent more frames than its declared worst case");
        self.ends.push(self.bytes.len());
    }

    /// The frames, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied()).map(|(start, end)| &self.bytes[start..end])
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets the frames, keeping the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}
