//! The same odd requests for dproxy, nginx and HAProxy, before backends that record every byte: nothing may leave dproxy
//! that two readers could take for different requests, and what both others refuse, dproxy refuses too. Where it is
//! stricter than both, `cases` names the rule.

mod cases;
mod peers;
mod readers;
mod recorder;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use self::cases::{cases, stricter_by};
use self::peers::{Haproxy, Nginx};
use self::readers::READERS;
use self::recorder::Recorder;
use crate::dproxy;

/// Behind every case: whoever takes the case for a whole request answers this one too, and closes.
const LAST: &[u8] = b"GET /last HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
/// What asks for the rest of a case is given up after this long without a byte.
const SILENCE: Duration = Duration::from_millis(250);
/// When a judgement would fail the test it is asked for again, as patiently.
const PATIENT: Duration = Duration::from_secs(2);

/// What a proxy made of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The backend answered it.
    Served,
    /// The proxy answered, or closed.
    Refused,
    /// The proxy waits for more.
    Waits,
}

#[test]
fn nothing_leaves_that_two_readers_could_take_for_different_requests() {
    let recorder = Recorder::start();
    let dproxy = dproxy().workers(1).route("*", &[recorder.addr()]).start();
    let cases = cases();
    assert!(cases.len() >= 200, "{} cases", cases.len());
    let served = cases.iter().filter(|case| judge(dproxy.http(), case, SILENCE) == Verdict::Served).count();
    assert!(served > 50, "{served} of {} served", cases.len());
    let streams = recorder.streams();
    assert!(!streams.is_empty());
    for stream in &streams {
        let readings: BTreeSet<Vec<String>> = READERS.iter().map(|reader| reader.targets(stream)).collect();
        assert_eq!(readings.len(), 1, "{readings:?}\n{}", String::from_utf8_lossy(stream));
        let targets = readings.into_iter().flatten().collect::<Vec<_>>();
        assert!(targets.iter().all(|target| !target.contains("smuggled")), "{targets:?}\n{}", String::from_utf8_lossy(stream));
    }
}

#[test]
fn requests_are_judged_as_nginx_and_haproxy_do_or_more_strictly_by_a_rule() {
    let recorders = [Recorder::start(), Recorder::start(), Recorder::start()];
    let (Some(nginx), Some(haproxy)) = (Nginx::before(recorders[1].addr()), Haproxy::before(recorders[2].addr())) else {
        return println!("skipped: nginx and haproxy are not installed");
    };
    let dproxy = dproxy().workers(1).route("*", &[recorders[0].addr()]).start();
    let proxies = [dproxy.http(), nginx.addr(), haproxy.addr()];
    assert_eq!(proxies.map(|proxy| judge(proxy, b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", PATIENT)), [Verdict::Served; 3]);
    let cases = cases();
    let mut wrong = Vec::new();
    for (case, verdicts) in cases.iter().zip(all_verdicts(proxies, &cases)) {
        let differs = |verdicts: [Verdict; 3]| {
            let [ours, nginx, haproxy] = verdicts.map(|verdict| verdict == Verdict::Served);
            nginx == haproxy && ours != nginx && (ours || stricter_by(case).is_none())
        };
        // A machine that is busy may have kept somebody from answering in time.
        if differs(verdicts) {
            let again = proxies.map(|proxy| judge(proxy, case, PATIENT));
            if differs(again) {
                wrong.push(format!(
                    "{:?}: dproxy {:?}, nginx {:?}, haproxy {:?}",
                    String::from_utf8_lossy(case),
                    again[0],
                    again[1],
                    again[2]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases that no rule explains:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each proxy's verdicts on all cases, by case.
fn all_verdicts(proxies: [SocketAddr; 3], cases: &[Vec<u8>]) -> Vec<[Verdict; 3]> {
    let of = |proxy: SocketAddr| cases.iter().map(|case| judge(proxy, case, SILENCE)).collect::<Vec<_>>();
    let [ours, nginx, haproxy] = thread::scope(|scope| {
        let asked = proxies.map(|proxy| scope.spawn(move || of(proxy)));
        asked.map(|asked| asked.join().unwrap())
    });
    ours.into_iter().zip(nginx).zip(haproxy).map(|((ours, nginx), haproxy)| [ours, nginx, haproxy]).collect()
}

fn judge(proxy: SocketAddr, case: &[u8], silence: Duration) -> Verdict {
    let mut client = TcpStream::connect(proxy).unwrap();
    client.set_read_timeout(Some(silence)).unwrap();
    // A proxy that has refused may have closed already; what it answered counts.
    let _ = client.write_all(&[case, LAST].concat());
    let mut received = Vec::new();
    let ended = loop {
        let mut room = [0; 4096];
        match client.read(&mut room) {
            Ok(0) => break true,
            Ok(read) => received.extend_from_slice(&room[..read]),
            Err(error) => break !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    };
    let text = String::from_utf8_lossy(&received);
    let first = text.split("HTTP/1.").skip(1).find(|answer| answer.get(2..3).is_none_or(|class| class != "1"));
    match first {
        Some(answer) if answer.contains(recorder::MARK) => Verdict::Served,
        Some(_) => Verdict::Refused,
        None if ended => Verdict::Refused,
        None => Verdict::Waits,
    }
}
