//! The journal beside the venue's ledger: X1 to X4.
//!
//! What the venue did within [`IN_FLIGHT_NS`] of the journal's last line may not have arrived;
//! it is counted, not held against anybody.

use super::Report;
use super::cash::dollars;
use super::finding::{Finding, Rule};
use super::ledger::{Ledger, VenueFill, VenueOrder, VenueSettlement};
use super::orders::{Answer, FillFact, IN_FLIGHT_NS, Order};
use super::run::Run;
use std::collections::BTreeMap;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, Uuid};
use trader_journal::units::{Count, Money, Nanos};

/// Compares one run with the ledger of the venue it ran against.
pub(super) fn compare(run: &Run, ledger: &Ledger, report: &mut Report) {
    let in_flight_before = report.counts.get("in_flight");
    orders(run, ledger, report);
    fills(run, ledger, report);
    settlements(run, ledger, report);
    if report.counts.get("in_flight") == in_flight_before {
        cash(run, ledger, report);
    }
}

fn is_in_flight(run: &Run, at: Nanos) -> bool {
    at.0.saturating_add(IN_FLIGHT_NS) >= run.last.0
}

fn side_word(side: Side) -> &'static str {
    match side {
        Side::Bid => "bid",
        Side::Ask => "ask",
    }
}

fn orders(run: &Run, ledger: &Ledger, report: &mut Report) {
    let mut seen: BTreeMap<ClientId, Vec<&VenueOrder>> = BTreeMap::new();
    for order in &ledger.orders {
        report.counts.one("venue_orders");
        match ClientId::parse(order.client.as_bytes()) {
            Some(client) => seen.entry(client).or_default().push(order),
            None => report.findings.push(Finding::new(Rule::X1, "foreign_order", None).with("client", &order.client)),
        }
    }
    for (client, posts) in &seen {
        if posts.len() > 1 {
            let twice = Finding::new(Rule::X4, "posted_twice", position(run, *client)).with("client", client);
            report.findings.push(twice.with("posts", posts.len()));
        }
        match run.orders.all.get(client) {
            Some(order) => same_order(run, (*client, order), posts[0], report),
            None if is_in_flight(run, posts[0].at) => report.counts.one("in_flight"),
            None => {
                let nobody = Finding::new(Rule::X1, "venue_order_without_intent", None).with("client", client);
                report.findings.push(nobody.with("ticker", &posts[0].ticker));
            }
        }
    }
    for (client, order) in run.orders.all.iter().filter(|(client, _)| !seen.contains_key(client)) {
        absent(run, *client, order, report);
    }
}

fn position(run: &Run, client: ClientId) -> Option<trader_journal::log::Position> {
    run.orders.all.get(&client).map(|order| order.position)
}

fn same_order(run: &Run, own: (ClientId, &Order), venue: &VenueOrder, report: &mut Report) {
    let (client, order) = own;
    let differs = |what| Finding::new(Rule::X1, what, Some(order.position)).with("client", client);
    let (side, price, count, time_in_force) = &venue.terms;
    let same_terms = *side == side_word(order.side)
        && *price == order.price
        && count.0 == order.count
        && *time_in_force == order.time_in_force.word()
        // The venue has no ticker for an order in a market it does not know.
        && (venue.ticker.is_empty() || venue.ticker == run.names.ticker(order.market));
    if !same_terms {
        let own_terms =
            format!("{} {} {} {}", side_word(order.side), order.price, Count(order.count), order.time_in_force.word());
        let finding = differs("terms_differ").with("journal", own_terms).with("ticker", &venue.ticker);
        report.findings.push(finding.with("venue", format!("{side} {price} {count} {time_in_force}")));
    }
    let accepted = venue.outcome == "accepted";
    let agrees = match order.answer {
        Some((Answer::Accepted, _)) => accepted,
        Some((Answer::Rejected(_), _)) => !accepted,
        Some((Answer::Unknown, _)) | None => true,
    };
    if !agrees {
        report.findings.push(differs("outcome_differs").with("venue", &venue.outcome));
    }
}

/// An intent that the venue has no order for.
fn absent(run: &Run, client: ClientId, order: &Order, report: &mut Report) {
    match order.answer {
        // Refused before it became an order, or lost on the way: no order is what there should be.
        Some((Answer::Rejected(_) | Answer::Unknown, _)) => report.counts.one("intents_not_at_venue"),
        None if is_in_flight(run, order.ts) => report.counts.one("in_flight"),
        Some((Answer::Accepted, _)) | None => {
            let absent = Finding::new(Rule::X1, "intent_not_at_venue", Some(order.position));
            report.findings.push(absent.with("client", client));
        }
    }
}

fn fills(run: &Run, ledger: &Ledger, report: &mut Report) {
    for (trade, made) in &ledger.fills {
        report.counts.add("venue_fills", made.len() as u64);
        if made.len() > 1 {
            report.findings.push(Finding::new(Rule::X2, "venue_fill_twice", None).with("trade", trade));
        }
        match run.orders.fills.get(trade) {
            Some(fact) => same_fill(run, *trade, (fact, &made[0]), report),
            None if is_in_flight(run, made[0].at) => report.counts.one("in_flight"),
            None => {
                let lost = Finding::new(Rule::X2, "fill_not_in_journal", None).with("trade", trade);
                report.findings.push(lost.with("client", &made[0].client));
            }
        }
    }
    for (trade, fact) in run.orders.fills.iter().filter(|(trade, _)| !ledger.fills.contains_key(trade)) {
        let made_up = Finding::new(Rule::X2, "fill_not_at_venue", Some(fact.position)).with("trade", trade);
        report.findings.push(made_up.with("client", fact.client));
    }
}

fn same_fill(run: &Run, trade: Uuid, pair: (&FillFact, &VenueFill), report: &mut Report) {
    let (fact, made) = pair;
    let (side, price, count) = &made.terms;
    let same = *side == side_word(fact.side)
        && (*price, *count, made.fee, made.is_taker) == (fact.price, fact.count, fact.fee, fact.is_taker)
        && made.ticker == run.names.ticker(fact.market)
        && made.client == fact.client.to_string();
    if same {
        return;
    }
    let own = format!("{} {} {} fee {}", side_word(fact.side), fact.price, fact.count, fact.fee);
    let differs = Finding::new(Rule::X2, "fill_differs", Some(fact.position)).with("trade", trade);
    let differs = differs.with("journal", own).with("client", fact.client);
    let theirs = format!("{side} {price} {count} fee {}", made.fee);
    report.findings.push(differs.with("venue", theirs).with("venue_client", &made.client));
}

fn settlements(run: &Run, ledger: &Ledger, report: &mut Report) {
    for paid in &ledger.settlements {
        report.counts.one("venue_settlements");
        let market = run.names.find(&paid.ticker);
        match market.and_then(|market| Some((market, run.settled.get(&market)?))) {
            Some((_, settled)) => {
                if (settled.held, settled.payout) != (paid.position, paid.payout) {
                    let differs = Finding::new(Rule::X3, "settlement_differs", Some(settled.position));
                    let own = format!("{} pays {}", settled.held, settled.payout);
                    let theirs = format!("{} pays {}", paid.position, paid.payout);
                    report
                        .findings
                        .push(differs.with("ticker", &paid.ticker).with("journal", own).with("venue", theirs));
                }
            }
            None => unsettled(run, paid, report),
        }
    }
    for (market, settled) in &run.settled {
        let ticker = run.names.ticker(*market);
        if settled.held != Count::ZERO && !ledger.settlements.iter().any(|paid| paid.ticker == ticker) {
            let early = Finding::new(Rule::X3, "settlement_not_at_venue", Some(settled.position));
            report.findings.push(early.with("ticker", ticker));
        }
    }
}

/// The venue paid a market that the journal did not settle.
fn unsettled(run: &Run, paid: &VenueSettlement, report: &mut Report) {
    if paid.position == Count::ZERO && paid.payout == Money::ZERO {
        return;
    }
    if is_in_flight(run, paid.at) {
        report.counts.one("in_flight");
        return;
    }
    let lost = Finding::new(Rule::X3, "settlement_not_in_journal", None).with("ticker", &paid.ticker);
    report.findings.push(lost.with("result", &paid.result).with("payout", paid.payout));
}

fn cash(run: &Run, ledger: &Ledger, report: &mut Report) {
    report.counts.one("venue_cash");
    let pairs = [
        ("start_cash_differs", ledger.start, Some(run.cash.external)),
        ("end_cash_differs", ledger.end, run.cash.balance()),
    ];
    for (what, venue, own) in pairs {
        if let (Some(venue), Some(own)) = (venue, own)
            && i128::from(venue.0) != own
        {
            let differs = Finding::new(Rule::X3, what, None).with("journal", dollars(own));
            report.findings.push(differs.with("venue", venue));
        }
    }
    let change: i128 = ledger.fills.values().flatten().map(|fill| i128::from(fill.balance_change.0)).sum();
    let paid: i128 = ledger.settlements.iter().map(|paid| i128::from(paid.payout.0)).sum();
    if let (Some(start), Some(end)) = (ledger.start, ledger.end)
        && i128::from(start.0) + change + paid != i128::from(end.0)
    {
        let odd = Finding::new(Rule::X3, "venue_cash_does_not_add_up", None).with("end", end);
        report.findings.push(odd.with("expected", dollars(i128::from(start.0) + change + paid)));
    }
}
