//! What a peer does wrong, and how it is told.

/// An error code of HTTP/3 or QPACK (RFC 9114 §8.1, RFC 9204 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Code {
    /// All is well.
    NoError = 0x100,
    /// Something on our side failed.
    Internal = 0x102,
    /// A stream that may not be there.
    StreamCreation = 0x103,
    /// A stream that the connection needs has ended.
    ClosedCriticalStream = 0x104,
    /// A frame where it may not be.
    FrameUnexpected = 0x105,
    /// A frame that does not hold what it should.
    FrameError = 0x106,
    /// More than we are willing to bear.
    ExcessiveLoad = 0x107,
    /// An identifier that cannot be.
    IdError = 0x108,
    /// Settings that cannot be.
    SettingsError = 0x109,
    /// Something came before the settings.
    MissingSettings = 0x10a,
    /// The request was not looked at.
    RequestRejected = 0x10b,
    /// Nobody wants the answer any more.
    RequestCancelled = 0x10c,
    /// The request ended too early.
    RequestIncomplete = 0x10d,
    /// The message breaks a rule.
    MessageError = 0x10e,
    /// A field section cannot be read.
    DecompressionFailed = 0x200,
    /// What is said of the dynamic table is wrong: we have none.
    EncoderStream = 0x201,
    /// What is said of our dynamic table is wrong: we have none.
    DecoderStream = 0x202,
}

impl Code {
    /// As it is said.
    #[must_use]
    pub fn number(self) -> u32 {
        u32::from(self as u16)
    }
}

/// What a peer did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Of a frame.
    #[error("a frame does not hold what its kind does")]
    Frame,
    /// Of the order of frames.
    #[error("a frame came where it may not")]
    UnexpectedFrame,
    /// Of a limit of ours.
    #[error("a field section is larger than the limit")]
    SectionTooLarge,
    /// Of patience.
    #[error("more frames that bring nobody anything than the limit")]
    Excessive,
    /// Of the settings.
    #[error("the settings break a rule")]
    Settings,
    /// Of their place.
    #[error("something came before the settings")]
    MissingSettings,
    /// Of an identifier.
    #[error("an identifier grows that may not, or is none of ours")]
    Id,
    /// Of how many streams of a kind there are.
    #[error("a stream that may not be there, or not twice")]
    StreamCreation,
    /// Of streams that stay.
    #[error("a stream has ended that the connection needs")]
    ClosedCriticalStream,
    /// Of QPACK.
    #[error("a field section cannot be read")]
    Compression,
    /// Of QPACK's first stream.
    #[error("the dynamic table is written to, and there is none")]
    EncoderStream,
    /// Of QPACK's second stream.
    #[error("a dynamic table is acknowledged, and there is none")]
    DecoderStream,
    /// Of a message.
    #[error("the message breaks a rule")]
    Message,
    /// Of its end.
    #[error("the request ended too early")]
    Incomplete,
}

impl Violation {
    /// How the peer is told.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Violation::Frame => Code::FrameError,
            Violation::UnexpectedFrame => Code::FrameUnexpected,
            Violation::SectionTooLarge | Violation::Excessive => Code::ExcessiveLoad,
            Violation::Settings => Code::SettingsError,
            Violation::MissingSettings => Code::MissingSettings,
            Violation::Id => Code::IdError,
            Violation::StreamCreation => Code::StreamCreation,
            Violation::ClosedCriticalStream => Code::ClosedCriticalStream,
            Violation::Compression => Code::DecompressionFailed,
            Violation::EncoderStream => Code::EncoderStream,
            Violation::DecoderStream => Code::DecoderStream,
            Violation::Message => Code::MessageError,
            Violation::Incomplete => Code::RequestIncomplete,
        }
    }

    /// Whether it costs one stream only, and not the whole connection.
    #[must_use]
    pub fn is_of_one_stream(self) -> bool {
        matches!(self, Violation::Message | Violation::Incomplete | Violation::SectionTooLarge)
    }
}
