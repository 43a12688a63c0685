//! How much may be asked, in tokens (kalshi.md §2.5) and weights (binance.md §2); time is the market's.

use super::reply::Reply;
use super::request::Request;
use crate::config::{RateRefusal, Tier};
use serde_json::{Value, json};
use trader_journal::units::Nanos;

/// What a request costs unless something else is said.
const COST: u64 = 10;
const ROOT: &str = "/trade-api/v2/";
/// What costs something else; `:name` is one part of a path, `*name` the rest. Batches cost this for each item.
const COSTS: [(&str, &str, u64); 6] = [
    ("GET", "cfbenchmarks", 50),
    ("GET", "cfbenchmarks/*endpoint", 50),
    ("DELETE", "portfolio/events/orders/batched", 2),
    ("DELETE", "portfolio/events/orders/:order_id", 2),
    ("GET", "portfolio/orders/queue_positions", 10),
    ("GET", "portfolio/orders/:order_id", 2),
];
/// Weight that one address may use in a minute.
const SPOT_WEIGHT_MAX: u64 = 6_000;
const MINUTE_NS: u64 = 60 * Nanos::SECOND;

/// Tokens that come back with time. Counted in billionths, so that nothing is rounded away.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    per_s: u64,
    full: u64,
    held: u64,
    /// Up to when it was filled.
    at: Nanos,
}

impl Bucket {
    const fn new(per_s: u64, burst_s: u64) -> Bucket {
        let full = per_s * burst_s * Nanos::SECOND;
        Bucket { per_s, full, held: full, at: Nanos(0) }
    }

    fn take(&mut self, now: Nanos, tokens: u64) -> bool {
        let came = now.since(self.at).saturating_mul(self.per_s);
        self.held = self.held.saturating_add(came).min(self.full);
        self.at = self.at.max(now);
        let asked = tokens.saturating_mul(Nanos::SECOND);
        let is_enough = asked <= self.held;
        if is_enough {
            self.held -= asked;
        }
        is_enough
    }
}

/// The buckets of one client: reading and writing apart.
struct Pair {
    read: Bucket,
    write: Bucket,
}

impl Pair {
    fn of(tier: Tier) -> Pair {
        let ((read, read_s), (write, write_s)) = tier.rates();
        Pair { read: Bucket::new(read, read_s), write: Bucket::new(write, write_s) }
    }
}

/// All buckets.
pub(super) struct Buckets {
    /// By the key's place.
    keys: Vec<Pair>,
    /// All who do not sign come from one address.
    strangers: Bucket,
    tier: Tier,
    refusal: RateRefusal,
    refused: u64,
    spot_minute: u64,
    spot_weight: u64,
}

impl Buckets {
    pub(super) fn new(keys: usize, tier: Tier, strangers_per_s: u64, refusal: RateRefusal) -> Buckets {
        let strangers = Bucket::new(strangers_per_s * COST, 3);
        let keys = (0..keys).map(|_| Pair::of(tier)).collect();
        Buckets { keys, strangers, tier, refusal, refused: 0, spot_minute: 0, spot_weight: 0 }
    }

    /// Takes what a request of the key at `key` costs, or gives the refusal.
    pub(super) fn take(&mut self, now: Nanos, key: Option<usize>, request: &Request) -> Result<(), Reply> {
        let cost = cost(request);
        let bucket = match key.and_then(|place| self.keys.get_mut(place)) {
            None => &mut self.strangers,
            Some(pair) if request.method == "GET" || request.method == "HEAD" => &mut pair.read,
            Some(pair) => &mut pair.write,
        };
        if bucket.take(now, cost) {
            return Ok(());
        }
        self.refused += 1;
        let as_documented = match self.refusal {
            RateRefusal::Live => false,
            RateRefusal::Documented => true,
            RateRefusal::Alternate => self.refused.is_multiple_of(2),
        };
        Err(Reply::new(
            429,
            if as_documented {
                r#"{"error":"too many requests"}"#
            } else {
                r#"{"error":{"code":"too_many_requests","message":"too many requests"}}"#
            },
        ))
    }

    /// What the venue tells of its own limits: the rates of a key's tier, and what costs something else.
    pub(super) fn tell(&self, path: &str) -> Option<Reply> {
        let body = match path.strip_prefix(ROOT)? {
            "account/limits" => {
                let bucket =
                    |(per_s, burst_s): (u64, u64)| json!({"bucket_capacity": per_s * burst_s, "refill_rate": per_s});
                let (read, write) = self.tier.rates();
                json!({"grants": [], "usage_tier": self.tier.word(), "read": bucket(read), "write": bucket(write)})
            }
            "account/endpoint_costs" => {
                let row = |(method, path, cost): &(&str, &str, u64)| json!({"method": method, "path": format!("{ROOT}{path}"), "cost": cost});
                json!({"default_cost": COST, "endpoint_costs": COSTS.iter().map(row).collect::<Vec<_>>()})
            }
            _ => return None,
        };
        Some(Reply::new(200, body.to_string()))
    }

    /// Counts a request to the spot venue; gives the weight used in this minute, or the refusal.
    pub(super) fn weigh(&mut self, now: Nanos, path: &str) -> Result<u64, Reply> {
        let minute = now.0 / MINUTE_NS;
        if minute != self.spot_minute {
            (self.spot_minute, self.spot_weight) = (minute, 0);
        }
        self.spot_weight += match path {
            "/api/v3/ping" | "/api/v3/time" => 1,
            "/api/v3/aggTrades" => 4,
            "/api/v3/depth" => 5,
            "/api/v3/exchangeInfo" => 20,
            _ => 2,
        };
        if self.spot_weight <= SPOT_WEIGHT_MAX {
            return Ok(self.spot_weight);
        }
        let wait_s = (MINUTE_NS - now.0 % MINUTE_NS).div_ceil(Nanos::SECOND);
        let body = r#"{"code":-1003,"msg":"Too many requests; current limit is 6000 request weight per 1 MINUTE."}"#;
        Err(Reply::new(429, body).with("Retry-After", wait_s.to_string()))
    }
}

/// Tokens a request to the Kalshi venue costs.
fn cost(request: &Request) -> u64 {
    let path = request.path().strip_prefix(ROOT).unwrap_or("");
    let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
    let special = COSTS.iter().find(|(known, pattern, _)| *known == method && fits(pattern, path));
    let cost = special.map_or(COST, |(_, _, cost)| *cost);
    if path.ends_with("/batched") { cost * batched(&request.body) } else { cost }
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        match (parts.next(), wanted.as_bytes()) {
            (Some(part), [b'*', ..]) => return !part.is_empty(),
            (Some(part), [b':', ..]) if !part.is_empty() => {}
            (Some(part), _) if part == wanted => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// Items of a batch; one that cannot be read is one.
fn batched(body: &[u8]) -> u64 {
    let items = serde_json::from_slice::<Value>(body).ok().and_then(|body| Some(body["orders"].as_array()?.len()));
    items.map_or(1, |items| items.max(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Nanos {
        Nanos(1_800_000_000 * Nanos::SECOND + ms * Nanos::MILLI)
    }

    fn request(method: &str, target: &str, body: &str) -> Request {
        Request { method: method.into(), target: target.into(), body: body.into(), ..Request::default() }
    }

    fn takes(buckets: &mut Buckets, ms: u64, request: &Request) -> u64 {
        (0..1000).take_while(|_| buckets.take(at(ms), Some(0), request).is_ok()).count() as u64
    }

    #[test]
    fn a_tier_has_its_burst_and_then_its_rate() {
        let mut buckets = Buckets::new(1, Tier::Advanced, 50, RateRefusal::Live);
        let create = request("POST", "/trade-api/v2/portfolio/events/orders", "");
        assert_eq!(takes(&mut buckets, 0, &create), 90, "300 a second, three seconds of burst, ten each");
        assert_eq!(takes(&mut buckets, 99, &create), 2);
        assert_eq!(takes(&mut buckets, 100, &create), 1, "what was left over counts");
        assert_eq!(takes(&mut buckets, 100, &request("GET", "/trade-api/v2/markets", "")), 90, "reading is apart");
        assert_eq!(takes(&mut buckets, 3_600_000, &create), 90, "a bucket is never more than full");
    }

    #[test]
    fn basic_writes_have_a_second_of_burst() {
        let mut buckets = Buckets::new(1, Tier::Basic, 50, RateRefusal::Live);
        assert_eq!(takes(&mut buckets, 0, &request("POST", "/trade-api/v2/portfolio/events/orders", "")), 10);
        assert_eq!(takes(&mut buckets, 0, &request("GET", "/trade-api/v2/markets", "")), 60);
    }

    #[test]
    fn costs_are_the_venues() {
        let orders = "/trade-api/v2/portfolio/events/orders";
        let three = r#"{"orders":[{},{},{}]}"#;
        for (method, target, body, tokens) in [
            ("POST", orders.to_owned(), "{}", 10),
            ("DELETE", format!("{orders}/abc?exchange_index=2"), "", 2),
            ("POST", format!("{orders}/abc/amend"), "{}", 10),
            ("POST", format!("{orders}/batched"), three, 30),
            ("DELETE", format!("{orders}/batched"), three, 6),
            ("POST", format!("{orders}/batched"), "no json", 10),
            ("GET", "/trade-api/v2/portfolio/orders/abc".into(), "", 2),
            ("GET", "/trade-api/v2/portfolio/orders?ticker=x".into(), "", 10),
            ("GET", "/trade-api/v2/portfolio/orders/queue_positions?event_ticker=x".into(), "", 10),
            ("GET", "/trade-api/v2/cfbenchmarks/values/BRTI".into(), "", 50),
            ("DELETE", orders.to_owned(), "", 10),
        ] {
            assert_eq!(cost(&request(method, &target, body)), tokens, "{method} {target}");
        }
    }

    #[test]
    fn both_refusals_come_in_turn() {
        let mut buckets = Buckets::new(0, Tier::Basic, 0, RateRefusal::Alternate);
        let mut told = || buckets.take(at(0), None, &request("GET", "/", "")).unwrap_err();
        let bodies = [told().body, told().body, told().body].map(|body| String::from_utf8(body).unwrap());
        assert!(bodies[0].contains("too_many_requests") && bodies[2] == bodies[0]);
        assert_eq!(bodies[1], r#"{"error":"too many requests"}"#);
    }

    #[test]
    fn the_spot_venue_says_when_to_come_again() {
        let mut buckets = Buckets::new(0, Tier::Basic, 0, RateRefusal::Live);
        let minute = at(0).0 / MINUTE_NS * MINUTE_NS;
        let mut used = 0;
        for _ in 0..3_000 {
            used = buckets.weigh(Nanos(minute), "/api/v3/klines").unwrap();
        }
        assert_eq!(used, 6_000);
        let refused = buckets.weigh(Nanos(minute + 15 * Nanos::SECOND), "/api/v3/time").unwrap_err();
        assert_eq!((refused.status, refused.headers), (429, vec![("Retry-After", "45".to_owned())]));
        assert_eq!(buckets.weigh(Nanos(minute + MINUTE_NS), "/api/v3/time"), Ok(1));
    }
}
