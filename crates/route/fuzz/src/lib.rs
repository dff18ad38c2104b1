//! What must hold of the PROXY protocol, whatever a peer sends.

use dproxy_route::{Announced, Announcement, announced};

/// Every byte more says the same or more, nothing is read beyond the end, and what is understood can be said again.
pub fn announcement(bytes: &[u8]) {
    let whole = announced(bytes);
    let first = (0..=bytes.len()).find(|length| announced(&bytes[..*length]) != Ok(Announced::Partial));
    if let Some(first) = first {
        let early = announced(&bytes[..first]);
        assert!(early == whole || early.is_err() && whole.is_err(), "{early:?} after {first} bytes, {whole:?} in the end");
        if let Ok(Announced::Whole { length, .. }) = early {
            assert_eq!(length, first, "it ends where it is understood");
        }
    }
    if let Ok(Announced::Whole { ends, .. }) = whole {
        for version in [Announcement::V1, Announcement::V2] {
            let written = version.of(ends);
            let read = announced(&written);
            let Ok(Announced::Whole { length, ends: again }) = read else { panic!("{read:?} of {ends:?}") };
            assert_eq!(length, written.len());
            assert_eq!(again.is_some(), ends.is_some());
            let ports = |ends: Option<dproxy_route::Ends>| ends.map(|ends| (ends.from.port(), ends.to.port()));
            assert_eq!(ports(again), ports(ends));
            let same = |ends: Option<dproxy_route::Ends>| ends.map(|ends| (ends.from.ip().to_canonical(), ends.to.ip().to_canonical()));
            assert_eq!(same(again), same(ends));
        }
    }
}
