//! The control socket, spoken to by polite and by impolite clients.

use super::common::{journal_of, lockstep};
use kalshi_trader::clock::{MarketClock, Stopwatch};
use kalshi_trader::control::{AskError, Commands, ControlError, Request, RunningServer, SOCKET_NAME, Server, ask};
use kalshi_trader::desk::{Status, read_all};
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, Mutex};
use trader_journal::event::{Event, OperatorVerb};
use trader_journal::units::Nanos;
use trader_ring::spsc::{self, Consumer};

const MARKET_START: Nanos = Nanos(1_762_041_600_000_000_000);

fn serve(dir: &Path, status: Status) -> Result<(RunningServer, Consumer<Event>), ControlError> {
    let (ring, heard) = spsc::ring(4).unwrap();
    let commands = Commands::new(ring, MarketClock::scaled(MARKET_START, 60));
    Ok((Server::start(dir, commands, Arc::new(Mutex::new(status)))?, heard))
}

fn asked(dir: &Path, verb: &str, why: &str) -> Value {
    ask(dir, &Request { verb: verb.into(), who: "ann".into(), why: why.into() }).unwrap()
}

#[test]
fn every_command_is_on_its_way_to_exec_when_it_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, mut heard) = serve(folder.path(), Status::default()).unwrap();
    for (word, verb) in [
        ("pause", OperatorVerb::Pause),
        ("resume", OperatorVerb::Resume),
        ("cancel-all", OperatorVerb::CancelAll),
        ("kill", OperatorVerb::Kill),
        ("clear", OperatorVerb::Clear),
    ] {
        let reply = asked(folder.path(), word, "lunch");
        assert_eq!(reply["ok"], true, "{reply}");
        let Some(Event::Operator { verb: given, by: 1, ts, why, .. }) = heard.pop() else {
            panic!("nothing for {word}")
        };
        assert_eq!((given, &why[..11]), (verb, &b"ann: lunch\0"[..]));
        assert!(ts >= MARKET_START && ts < MARKET_START.plus(3600 * Nanos::SECOND), "market time: {ts:?}");
    }
    assert_eq!(asked(folder.path(), "sell everything", "")["ok"], false);
    assert_eq!(heard.pop(), None);
}

#[test]
fn a_command_that_does_not_fit_is_refused_and_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, mut heard) = serve(folder.path(), Status::default()).unwrap();
    let replies: Vec<_> = (0..5).map(|_| asked(folder.path(), "pause", "")).collect();
    assert!(replies[..4].iter().all(|reply| reply["ok"] == true), "{replies:?}");
    assert_eq!(replies[4]["ok"], false);
    assert!(replies[4]["error"].as_str().unwrap().contains("NOT given"), "{}", replies[4]);
    assert!(heard.pop().is_some());
    assert_eq!(asked(folder.path(), "pause", "")["ok"], true);
    drop(heard);
    let over = asked(folder.path(), "pause", "");
    assert!(over["error"].as_str().unwrap().contains("has ended"), "{over}");
}

#[test]
fn status_is_what_the_journal_told() {
    let folder = tempfile::tempdir().unwrap();
    lockstep(folder.path(), 4, 14);
    let mut status = Status::default();
    read_all(&journal_of(folder.path()), &mut |told| status.see(told)).unwrap();
    let (_server, _heard) = serve(folder.path(), status).unwrap();
    let reply = asked(folder.path(), "status", "");
    let status = &reply["status"];
    assert_eq!(
        (&status["mode"], &status["evidence"], &status["trading"]),
        (&"sim".into(), &false.into(), &"trading".into())
    );
    assert_eq!(
        (&status["orders_sent"], &status["orders_filled"], &status["orders_live"]),
        (&1.into(), &1.into(), &0.into())
    );
    assert_eq!(status["feeds"]["binance_spot"]["state"], "up");
    assert_eq!(status["exposure_usd"], 0.0);
    let text = reply["text"].as_str().unwrap();
    assert!(text.starts_with("SIM · synthetic market (easy)") && text.contains("result +sim$1.7118"), "{text}");
}

#[test]
fn nobody_is_told_to_be_there_who_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = ask(folder.path(), &Request::default()).unwrap_err();
    assert!(matches!(nobody, AskError::Nobody { .. }), "{nobody}");
    drop(serve(folder.path(), Status::default()).unwrap());
    assert!(matches!(ask(folder.path(), &Request::default()), Err(AskError::Nobody { .. })));
    assert!(!folder.path().join(SOCKET_NAME).exists(), "it takes its socket with it");
}

#[cfg(unix)]
mod sockets {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::time::Duration;

    fn client(dir: &Path) -> UnixStream {
        let stream = UnixStream::connect(dir.join(SOCKET_NAME)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    fn line(stream: &mut UnixStream) -> String {
        let mut line = Vec::new();
        let mut byte = [0];
        while stream.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn only_its_owner_may_speak_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (server, _heard) = serve(folder.path(), Status::default()).unwrap();
        let mode = std::fs::metadata(server.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn garbage_is_answered_and_the_next_line_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let (_server, mut heard) = serve(folder.path(), Status::default()).unwrap();
        let mut client = client(folder.path());
        for garbage in ["", "pause", "{}", "[1]", "{\"verb\":\"pause\",\"more\":1}", "\u{0}\u{7f}"] {
            client.write_all(format!("{garbage}\n").as_bytes()).unwrap();
            let told: Value = serde_json::from_str(&line(&mut client)).unwrap();
            assert_eq!(told["ok"], false, "{garbage:?}: {told}");
        }
        // Two lines at once, the second in two pieces.
        client.write_all(b"{\"verb\":\"pause\"}\n{\"verb\":").unwrap();
        assert!(line(&mut client).contains("true"));
        client.write_all(b"\"resume\"}\n").unwrap();
        assert!(line(&mut client).contains("true"));
        assert!(matches!(heard.pop(), Some(Event::Operator { verb: OperatorVerb::Pause, .. })));
        assert!(matches!(heard.pop(), Some(Event::Operator { verb: OperatorVerb::Resume, .. })));
    }

    #[test]
    fn who_talks_without_end_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let (_server, _heard) = serve(folder.path(), Status::default()).unwrap();
        let mut client = client(folder.path());
        client.write_all(&[b'x'; 4096]).unwrap();
        assert!(line(&mut client).contains("at most 4096 bytes"));
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "and hung up on");
    }

    #[test]
    fn who_says_nothing_is_dropped_and_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let (_server, _heard) = serve(folder.path(), Status::default()).unwrap();
        let watch = Stopwatch::start();
        let mut silent = client(folder.path());
        let mut halting = client(folder.path());
        halting.write_all(b"{\"verb\":").unwrap();
        for _ in 0..3 {
            assert_eq!(asked(folder.path(), "status", "")["ok"], true);
        }
        assert!(watch.millis() < 4_000, "the others were not kept waiting: {} ms", watch.millis());
        assert_eq!(silent.read(&mut [0]).unwrap(), 0, "dropped");
        assert!((4_900..9_000).contains(&watch.millis()), "{} ms", watch.millis());
        assert_eq!(halting.read(&mut [0]).unwrap(), 0, "half a line is no line");
    }

    #[test]
    fn a_socket_that_a_killed_process_left_is_replaced_and_a_living_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        // The standard library's listener leaves its file, as a kill does.
        drop(UnixListener::bind(folder.path().join(SOCKET_NAME)).unwrap());
        let (_server, _heard) = serve(folder.path(), Status::default()).unwrap();
        assert_eq!(asked(folder.path(), "status", "")["ok"], true);
        let second = serve(folder.path(), Status::default()).err().unwrap();
        assert!(matches!(second, ControlError::Alive { .. }), "{second}");
        assert_eq!(asked(folder.path(), "status", "")["ok"], true, "the first one is unharmed");
    }

    #[test]
    fn a_file_that_is_no_socket_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET_NAME);
        std::fs::write(&path, "mine").unwrap();
        assert!(matches!(serve(folder.path(), Status::default()), Err(ControlError::Listen { .. })));
        assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
    }
}
