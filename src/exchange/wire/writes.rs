//! What Kalshi answers to what changes something (kalshi.md §2.2, §2.4).

use super::{Dollars4, put};
use trader_exec::venue::{Accepted, Canceled, Decreased};
use trader_journal::event::Uuid;
use trader_journal::units::{Money, Nanos};

/// The flat body of a create and of an amend; averages only when something was filled.
pub fn create_body(out: &mut String, accepted: &Accepted, client: &str, at: Nanos) {
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{}\",\"client_order_id\":\"{client}\",\"fill_count\":\"{}\",\"remaining_count\":\"{}\"",
            accepted.order, accepted.filled, accepted.remaining
        ),
    );
    let filled = accepted.filled.0;
    if filled > 0 {
        // $0.000001 over 0.01 contract is $0.0001 a contract.
        let per_contract = |total: Money| Dollars4(Money((total.0 + filled / 2) / filled * 100));
        let (price, fee) = (per_contract(accepted.notional), per_contract(accepted.fees));
        put(out, format_args!(",\"average_fill_price\":\"{price}\",\"average_fee_paid\":\"{fee}\""));
    }
    put(out, format_args!(",\"ts_ms\":{}}}", at.millis()));
}

/// The 200 body of a cancel.
pub fn cancel_body(out: &mut String, canceled: &Canceled, client: &str, at: Nanos) {
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{}\",\"client_order_id\":\"{client}\",\"reduced_by\":\"{}\",\"ts_ms\":{}}}",
            canceled.order,
            canceled.reduced,
            at.millis()
        ),
    );
}

/// The 200 body of a decrease.
pub fn decrease_body(out: &mut String, decreased: &Decreased, client: &str, at: Nanos) {
    put(
        out,
        format_args!(
            "{{\"order_id\":\"{}\",\"client_order_id\":\"{client}\",\"remaining_count\":\"{}\",\"ts_ms\":{}}}",
            decreased.order,
            decreased.remaining,
            at.millis()
        ),
    );
}

/// The 200 body of a transfer.
pub fn transfer_reply(out: &mut String, id: Uuid) {
    put(out, format_args!("{{\"transfer_id\":\"{id}\"}}"));
}

/// One transfer between the shards `from` and `to`.
pub fn transfer_object(out: &mut String, id: Uuid, (from, to): (u8, u8), amount: Money, at: Nanos) {
    put(
        out,
        format_args!(
            "{{\"transfer_id\":\"{id}\",\"source\":\"event_contract\",\"destination\":\"event_contract\",\"source_exchange_shard\":{from},\"destination_exchange_shard\":{to},\"amount\":\"{}\",\"status\":\"complete\",\"created_ts\":{}}}",
            Dollars4(amount),
            at.seconds()
        ),
    );
}
