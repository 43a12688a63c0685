//! The line that says how to come in: what leads away from this machine is refused, with what to do.

use super::client::World;
use kalshi_trader::exchange::server::{Description, DescriptionError};
use serde_json::{Value, json};
use std::path::PathBuf;
use trader_journal::units::Nanos;

fn written(world: &World, text: &str) -> PathBuf {
    let path = world.folder.path().join("line.json");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_line_is_read_back_as_it_was() {
    let world = World::with(7, |_| {});
    let line = world.description().line().unwrap();
    assert!(!line.contains('\n'));
    let value: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&value["market"], &value["evidence"]), (&json!("synthetic"), &json!(false)));
    let read = Description::read(&written(&world, &format!("{line}\n"))).unwrap();
    assert_eq!(&read, world.description());
    let (ours, theirs) = (world.server.clock().now(), read.market_clock().now());
    assert!(ours.since(theirs).max(theirs.since(ours)) < 100 * Nanos::MILLI, "{ours:?} {theirs:?}");
}

#[test]
fn whatever_leaves_this_machine_is_refused() {
    let world = World::new();
    let good: Value = serde_json::from_str(&world.description().line().unwrap()).unwrap();
    let read = |value: &Value| Description::read(&written(&world, &value.to_string()));
    for key in ["rest_url", "ws_url", "binance_rest_url", "binance_ws_url"] {
        let scheme = if key.ends_with("ws_url") { "wss" } else { "https" };
        for host in
            ["external-api.kalshi.com", "10.0.0.1:1", "127.0.0.1.evil.example", "localhost.example", "0.0.0.0:1"]
        {
            let mut value = good.clone();
            value[key] = format!("{scheme}://{host}/x").into();
            let refused = read(&value).unwrap_err();
            assert!(matches!(refused, DescriptionError::NotLoopback { .. }), "{refused}");
            assert!(refused.to_string().contains(key) && refused.to_string().contains("127.0.0.1"), "{refused}");
        }
        for (url, fits) in
            [("http://127.0.0.1:1/", false), ("ws://127.0.0.1:1/", false), ("https://user@127.0.0.1/", false)]
        {
            let mut value = good.clone();
            value[key] = url.into();
            assert_eq!(read(&value).is_ok(), fits, "{url}");
        }
        for host in ["localhost:5", "[::1]:5", "127.8.8.8:5"] {
            let mut value = good.clone();
            value[key] = format!("{scheme}://{host}/x").into();
            assert!(read(&value).is_ok(), "{host}");
        }
    }
}

#[test]
fn what_is_missing_or_no_json_is_named_with_the_fix() {
    let world = World::new();
    let good: Value = serde_json::from_str(&world.description().line().unwrap()).unwrap();
    for key in ["rest_url", "ws_url", "ca_path", "key_id", "key_path", "ed25519_key_id", "ed25519_key_path", "clock"] {
        let mut value = good.clone();
        value.as_object_mut().unwrap().remove(key);
        let told = Description::read(&written(&world, &value.to_string())).unwrap_err().to_string();
        assert!(told.contains(key) && told.contains("kalshi-trader exchange"), "{told}");
    }
    for text in ["", "{", "[]", "\u{0}"] {
        let told = Description::read(&written(&world, text)).unwrap_err().to_string();
        assert!(told.contains("kalshi-trader exchange"), "{told}");
    }
    let told = Description::read(&world.folder.path().join("none")).unwrap_err().to_string();
    assert!(told.contains("cannot read") && told.contains("kalshi-trader exchange"), "{told}");
}
