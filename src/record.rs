//! The variable-length records of the journal: what came in as bytes, and what the run was made of.
//! The line writes them, readers read them; neither needs the other.

/// What a record holds. Numbers are written to disk: append, never reuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum RecordKind {
    /// A frame the feed heard; the tag is the connection's epoch, its low 16 bits.
    FrameHeard = 1,
    /// A frame the feed sent.
    FrameSent = 2,
    /// A scout's answer the feed heard; the tag is the HTTP status, the bytes begin with the request.
    AnswerHeard = 3,
    /// The connection came up; the tag is its epoch, its low 16 bits.
    Connected = 4,
    /// The connection went down.
    Disconnected = 5,
    /// A request that the gateway sent: the body of a create, the path of a cancel. Never a header.
    OrderSent = 6,
    /// The venue's reply to a request; the tag is the HTTP status, the bytes begin with what it answers.
    OrderReply = 7,
    /// No whole reply came to a request that left, or may have: the tag is the number of the
    /// [reason](trader_journal::event::UnknownReason), the bytes are a line that says what was asked.
    OrderLost = 8,
    /// A command of exec that never left: the tag is the number of the
    /// [reason](trader_journal::event::RejectReason), the bytes are a line that says what it was.
    OrderKept = 9,
    /// The configuration of the run, as TOML.
    Configuration = 10,
    /// Which program wrote this: version and build.
    Build = 11,
    /// What the run is, as one line of JSON: mode, market, evidence.
    Label = 12,
}

impl RecordKind {
    /// Every kind, in number order.
    pub const ALL: [RecordKind; 12] = [
        RecordKind::FrameHeard,
        RecordKind::FrameSent,
        RecordKind::AnswerHeard,
        RecordKind::Connected,
        RecordKind::Disconnected,
        RecordKind::OrderSent,
        RecordKind::OrderReply,
        RecordKind::OrderLost,
        RecordKind::OrderKept,
        RecordKind::Configuration,
        RecordKind::Build,
        RecordKind::Label,
    ];

    /// The kind of a number read from a journal.
    #[must_use]
    pub fn from_number(number: u8) -> Option<RecordKind> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// The word people read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            RecordKind::FrameHeard => "frame_heard",
            RecordKind::FrameSent => "frame_sent",
            RecordKind::AnswerHeard => "answer_heard",
            RecordKind::Connected => "connected",
            RecordKind::Disconnected => "disconnected",
            RecordKind::OrderSent => "order_sent",
            RecordKind::OrderReply => "order_reply",
            RecordKind::OrderLost => "order_lost",
            RecordKind::OrderKept => "order_kept",
            RecordKind::Configuration => "configuration",
            RecordKind::Build => "build",
            RecordKind::Label => "label",
        }
    }
}
