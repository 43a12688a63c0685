//! What became of our orders, and of what they bought.

use super::Story;
use super::words;
use crate::desk::amounts::{bought, cents, contracts};
use crate::desk::fills::Fills;
use crate::desk::memory::Fading;
use trader_journal::book::Side;
use trader_journal::event::{
    ClientId, Event, Gate, MarketId, OrderStatus, Outcome, SizedBy, TimeInForce, UpdateReason,
};
use trader_journal::units::{Count, Money, Nanos, Price};

/// An order of ours.
#[derive(Clone, Copy, Debug)]
struct Sent {
    count: Count,
    is_over: bool,
}

/// The orders so far, and first halves that wait for their second.
#[derive(Debug, Default)]
pub(super) struct Orders {
    sent: Fading<ClientId, Sent>,
    sized: Option<(SizedBy, Money)>,
    fills: Fills,
    updating: ClientId,
}

impl Story {
    pub(super) fn hear_order(&mut self, event: &Event) {
        self.orders.fills.hear(event);
        match *event {
            Event::OrderSized { sized_by, market_loss, .. } => self.orders.sized = Some((sized_by, market_loss)),
            Event::OrderIntent { .. } => self.hear_intent(event),
            Event::Refused { gate, side, market, ts, price, needed, had, .. } => {
                self.hear_refused((market, side, price), (gate, needed, had), ts);
            }
            Event::OrderAccepted { ts, client, filled, remaining, .. } => {
                self.hear_accepted(client, i64::from(filled), i64::from(remaining), ts);
            }
            Event::OrderRejected { reason, ts, client, .. } => {
                self.end(client);
                self.say_of(client, ts, &format!("REFUSED by the venue: {}", reason.word()));
            }
            Event::OrderUnknown { reason, ts, client, .. } => {
                let why = reason.word();
                self.say_of(
                    client,
                    ts,
                    &format!("UNKNOWN ({why}): it counts at full size until its absence is proven"),
                );
            }
            Event::OrderReleased { ts, client, .. } => {
                self.end(client);
                self.say_of(client, ts, "is proven never to have existed");
            }
            Event::ReconcileWanted { reason, ts, .. } => {
                if let Some(why) = words::reconcile(reason) {
                    self.say(ts, &format!("the account is read: {why}"));
                }
            }
            Event::Fill { side, ts, count, fee, price, market, order, .. } => {
                if let Some(client) = self.orders.fills.whose(order) {
                    self.hear_fill(client, (side, price, count), fee, (market, ts));
                }
            }
            Event::PositionSettled { .. } => self.hear_settled(event),
            _ => self.hear_cancel(event),
        }
    }

    fn hear_intent(&mut self, event: &Event) {
        let Event::OrderIntent { side, time_in_force, market, ts, client, count, price, .. } = *event else { return };
        self.orders.sent.insert(client, Sent { count, is_over: false });
        let (word, limit) = bought(side, price);
        let kind = match time_in_force {
            TimeInForce::ImmediateOrCancel => "immediate or cancel",
            TimeInForce::FillOrKill => "all or nothing",
            TimeInForce::GoodTillCanceled => "rests",
        };
        let risk = self.orders.sized.take().map_or_else(String::new, |(by, loss)| {
            let (loss, by) = (self.currency.amount(loss), words::sized_by(by));
            format!("; worst loss here {loss}, sized by {by}")
        });
        let (count, limit, ticker) = (contracts(count), cents(limit), self.ticker(market));
        self.say_of(client, ts, &format!("sent: buy {count} {word} of {ticker} at most {limit}, {kind}{risk}"));
    }

    fn hear_refused(&mut self, order: (MarketId, Side, Price), why: (Gate, i64, i64), ts: Nanos) {
        let (word, limit) = bought(order.1, order.2);
        let (ticker, limit) = (self.ticker(order.0), cents(limit));
        let numbers = words::numbers(why.0, why.1, why.2, self.currency);
        self.say(ts, &format!("{ticker} refused: {word} at {limit}: {}{numbers}", words::gate(why.0)));
    }

    /// What is filled is told by the fills.
    fn hear_accepted(&mut self, client: ClientId, filled: i64, remaining: i64, ts: Nanos) {
        let Some(order) = self.orders.sent.get_mut(&client) else { return };
        order.is_over = remaining == 0;
        let (is_over, count) = (order.is_over, order.count);
        if is_over {
            self.orders.sent.finish(client);
        }
        let (asked, filled, remaining) = (contracts(count), Count(filled), Count(remaining));
        let is_whole = filled == count;
        if remaining != Count::ZERO {
            self.say_of(client, ts, &format!("rests: {} of {asked} filled", contracts(filled)));
        } else if filled == Count::ZERO {
            self.say_of(client, ts, "accepted, nothing was there to fill it");
        } else if !is_whole {
            self.say_of(
                client,
                ts,
                &format!("accepted: {} of {asked} filled, the rest is cancelled", contracts(filled)),
            );
        }
    }

    fn hear_fill(
        &mut self,
        client: ClientId,
        (side, price, count): (Side, Price, Count),
        fee: Money,
        (market, ts): (MarketId, Nanos),
    ) {
        let (word, price) = bought(side, price);
        let what = format!("{} {word} at {}, fee {}", contracts(count), cents(price), self.currency.amount(fee));
        if client == ClientId::FOREIGN {
            let ticker = self.ticker(market);
            return self.say(ts, &format!("a fill that no order of ours is known for: {what} of {ticker}"));
        }
        self.say_of(client, ts, &format!("filled: {what}"));
    }

    fn hear_settled(&mut self, event: &Event) {
        let Event::PositionSettled { outcome, market, ts, position, payout, cost, fees, day_result, .. } = *event
        else {
            return;
        };
        let side = if position.0 < 0 { Side::Ask } else { Side::Bid };
        let held = format!("{} {}", contracts(Count(position.0.abs())), bought(side, Price::ZERO).0);
        let verb = match outcome {
            Outcome::Void => "are refunded",
            _ => "pay",
        };
        let money = self.currency;
        let (paid, cost_word, fee_word) = (money.amount(payout), money.amount(cost), money.amount(fees));
        let result = money.change(Money(payout.0 - cost.0 - fees.0));
        let (ticker, result_of_day) = (self.ticker(market), money.change(day_result));
        self.say(
            ts,
            &format!(
                "{ticker} is {}: {held} {verb} {paid}, cost {cost_word}, fees {fee_word}: result {result}, day {result_of_day}",
                outcome.word().to_uppercase()
            ),
        );
    }

    fn hear_cancel(&mut self, event: &Event) {
        match *event {
            Event::CancelIntent { reason, ts, client, .. } => {
                self.say_of(client, ts, &format!("is taken back: {}", words::cancel(reason)));
            }
            Event::CancelAccepted { ts, client, reduced, .. } => {
                self.end(client);
                self.say_of(client, ts, &format!("cancelled, {} not filled", contracts(reduced)));
            }
            Event::CancelRejected { reason, ts, client, .. } => {
                self.say_of(client, ts, &format!("the venue does not cancel it: {}", reason.word()));
            }
            Event::CancelUnknown { reason, ts, client, .. } => {
                self.say_of(client, ts, &format!("nobody knows whether it is cancelled ({})", reason.word()));
            }
            Event::OrderIds { client, .. } => self.orders.updating = client,
            Event::OrderUpdate { status, reason, ts, remaining, .. } => {
                let client = std::mem::take(&mut self.orders.updating);
                let is_live = self.orders.sent.get(&client).is_some_and(|order| !order.is_over);
                if status == OrderStatus::Canceled && is_live && reason != UpdateReason::Cancel {
                    self.end(client);
                    let (left, why) = (contracts(remaining), reason.word());
                    self.say_of(client, ts, &format!("ended by the venue ({why}), {left} not filled"));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, client: ClientId) {
        if let Some(order) = self.orders.sent.get_mut(&client) {
            order.is_over = true;
        }
        self.orders.sent.finish(client);
    }

    /// Our orders are numbered as they were sent in their epoch.
    fn say_of(&mut self, client: ClientId, ts: Nanos, what: &str) {
        self.say(ts, &format!("order {}.{} {what}", client.epoch, client.seq));
    }
}
