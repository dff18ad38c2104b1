use super::*;

fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::begin(kind, payload.len(), &mut out);
    out.extend_from_slice(payload);
    out
}

/// What comes of a stream that is read in pieces of so many bytes.
fn read(bytes: &[u8], step: usize, streams: &PeerStreams) -> Result<UniReader, Violation> {
    let mut reader = UniReader::default();
    for piece in bytes.chunks(step) {
        let mut input = Bytes::copy_from_slice(piece);
        while !input.is_empty() {
            reader.read(&mut input, streams)?;
        }
    }
    Ok(reader)
}

fn check(parts: &[Vec<u8>], expected: Result<(), Violation>) {
    let bytes = parts.concat();
    for step in 1..=bytes.len().max(1) {
        assert_eq!(read(&bytes, step, &PeerStreams::default()).map(drop), expected, "{bytes:x?} in steps of {step}");
    }
}

#[test]
fn a_control_stream_begins_with_settings_and_goes_on_with_what_may_be_there() {
    let control = || vec![0x00];
    let settings = || frame(frame::SETTINGS, &[0x01, 0x40, 0x64, 0x07, 0x10, 0x40, 0x40, 0x01]);
    check(&[control(), settings()], Ok(()));
    check(&[control(), frame(frame::SETTINGS, &[])], Ok(()));
    check(&[control(), settings(), frame(frame::MAX_PUSH_ID, &[3]), frame(frame::MAX_PUSH_ID, &[4])], Ok(()));
    check(&[control(), settings(), frame(frame::GOAWAY, &[4]), frame(frame::GOAWAY, &[3])], Ok(()));
    check(&[control(), settings(), frame(0x21, b"whatever"), frame(0xf0700, b"\0u=3")], Ok(()));

    check(&[control(), frame(frame::GOAWAY, &[0])], Err(Violation::MissingSettings));
    check(&[control(), frame(0x21, b"")], Err(Violation::MissingSettings));
    check(&[control(), settings(), settings()], Err(Violation::UnexpectedFrame));
    for kind in [0x0, 0x1, 0x2, 0x5, 0x6, 0x8, 0x9] {
        check(&[control(), settings(), frame(kind, b"")], Err(Violation::UnexpectedFrame));
    }
    check(&[control(), settings(), frame(frame::MAX_PUSH_ID, &[4]), frame(frame::MAX_PUSH_ID, &[3])], Err(Violation::Id));
    check(&[control(), settings(), frame(frame::GOAWAY, &[3]), frame(frame::GOAWAY, &[4])], Err(Violation::Id));
    check(&[control(), settings(), frame(frame::CANCEL_PUSH, &[0])], Err(Violation::Id));
    check(&[control(), settings(), frame(frame::GOAWAY, &[0, 0])], Err(Violation::Frame));
    check(&[control(), settings(), frame(frame::GOAWAY, &[])], Err(Violation::Frame));
    check(&[control(), settings(), frame(frame::GOAWAY, &[0; 9])], Err(Violation::Frame));
}

#[test]
fn settings_are_said_once_and_are_none_of_http2() {
    let settings = |payload: &[u8]| vec![vec![0x00], frame(frame::SETTINGS, payload)];
    check(&settings(&[0x06, 0x05, 0x06, 0x05]), Err(Violation::Settings));
    for name in 0x2..=0x5 {
        check(&settings(&[name, 0x00]), Err(Violation::Settings));
    }
    check(&settings(&[0x06]), Err(Violation::Frame));
    check(&settings(&[0x06, 0x40]), Err(Violation::Frame));
    check(&[vec![0x00, 0x04, 0x50, 0x01]], Err(Violation::Excessive));
}

#[test]
fn of_the_dynamic_table_only_that_there_is_none_can_be_said() {
    check(&[vec![0x02]], Ok(()));
    check(&[vec![0x02, 0x20, 0x20]], Ok(()));
    for instruction in [0x21, 0x3f, 0xc0, 0x80, 0x40, 0x00] {
        check(&[vec![0x02, instruction]], Err(Violation::EncoderStream));
    }
    check(&[vec![0x03]], Ok(()));
    check(&[vec![0x03, 0x44, 0x7f, 0x80, 0x01, 0x40]], Ok(()));
    for instruction in [0x80, 0xff, 0x00, 0x01] {
        check(&[vec![0x03, instruction]], Err(Violation::DecoderStream));
    }
}

#[test]
fn what_nobody_knows_is_passed_over_and_what_clients_may_not_open_is_refused() {
    check(&[vec![0x21], vec![0xff; 100]], Ok(()));
    check(&[vec![0x40, 0x21, 0x04]], Ok(()));
    check(&[vec![0x01]], Err(Violation::StreamCreation));
}

#[test]
fn streams_of_the_connection_are_there_once_and_stay() {
    for kind in [0x0, 0x2, 0x3] {
        let streams = PeerStreams::default();
        let reader = read(&[kind], 1, &streams).unwrap();
        assert_eq!(read(&[kind], 1, &streams).err(), Some(Violation::StreamCreation));
        assert_eq!(reader.end(), Err(Violation::ClosedCriticalStream));
    }
    let reader = read(&[0x21], 1, &PeerStreams::default()).unwrap();
    assert!(reader.is_unknown());
    assert_eq!(reader.end(), Ok(()));
    assert_eq!(UniReader::default().end(), Ok(()));
}
