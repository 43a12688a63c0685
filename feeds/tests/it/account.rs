//! The account's lists by REST: rows are told like the stream's, and a walk ends only when it was whole.

use crate::fixtures::{CLOSE, EVENT, OPEN, TICKER, market, market_of, series};
use crate::rig::{Rig, faults, kinds, settings};
use trader_feeds::kalshi::rest::{ACCOUNT_PAGE_ROWS, Page, RestRequest};
use trader_journal::event::{
    AccountList, ClientId, Event, FeedState, FrameFault, LifecycleKind, MarketId, OrderStatus, Outcome,
    POSITION_NOT_TOLD, Uuid,
};
use trader_journal::units::{Count, Money, Nanos};

const ORDER: &str = "ee587a1c-8b87-4dcf-b721-9f6f790619fa";
const OURS: &str = "k1-1-0000002a-7";

fn request(target: &str) -> RestRequest {
    RestRequest::of_target(&format!("/trade-api/v2/{target}")).unwrap_or_else(|| panic!("{target}"))
}

fn order(ticker: &str, client: &str, status: &str, created: &str) -> String {
    format!(
        r#"{{"order_id":"{ORDER}","client_order_id":"{client}","ticker":"{ticker}","status":"{status}","book_side":"ask","outcome_side":"no","yes_price_dollars":"0.6400","fill_count_fp":"5.00","remaining_count_fp":"0.00","initial_count_fp":"25.50","created_time":"{created}","last_update_time":"{created}"}}"#
    )
}

fn fill(ticker: &str, created: &str) -> String {
    format!(
        r#"{{"fill_id":"d91bc706-ee49-470d-82d8-11418bda6fed","trade_id":"d91bc706-ee49-470d-82d8-11418bda6fed","order_id":"{ORDER}","ticker":"{ticker}","market_ticker":"{ticker}","book_side":"ask","count_fp":"5.00","yes_price_dollars":"0.6400","is_taker":true,"created_time":"{created}","fee_cost":"0.080640","ts":1795366860}}"#
    )
}

fn page(name: &str, cursor: &str, rows: &[String]) -> String {
    format!(r#"{{"cursor":"{cursor}","{name}":[{}]}}"#, rows.join(","))
}

/// The read side has everything up to a second before the rig's clock.
fn told_as_of(rig: &mut Rig) -> Nanos {
    rig.rest(request("exchange/user_data_timestamp"), r#"{"as_of_time":"2026-11-22T17:00:59Z"}"#);
    OPEN.plus(59 * Nanos::SECOND)
}

const NOW: &str = "2026-11-22T17:01:00.000000Z";

#[test]
fn a_target_says_which_page_of_which_list_it_asks_for() {
    assert_eq!(request("exchange/user_data_timestamp"), RestRequest::DataTimestamp);
    assert_eq!(request("portfolio/balance"), RestRequest::Balance);
    assert_eq!(request("series/KXBTC"), RestRequest::Series);
    assert_eq!(request("markets?series_ticker=KXBTC&limit=1000"), RestRequest::Markets);
    assert_eq!(request("markets/KXBTC-1"), RestRequest::Market);
    let first = Page { list: AccountList::Fills, since: Nanos(7 * Nanos::SECOND), cursor: 0 };
    assert_eq!(request("portfolio/fills?min_ts=7&limit=200"), RestRequest::Account(first));
    let RestRequest::Account(next) = request("portfolio/fills?min_ts=7&limit=200&cursor=abc") else { panic!() };
    assert!(next.cursor != 0 && Page { cursor: 0, ..next } == first);
    for other in ["portfolio/orders?ticker=KXBTC-1", "portfolio/orders?status=resting", "portfolio/orders/1", "x"] {
        assert_eq!(RestRequest::of_target(&format!("/trade-api/v2/{other}")), None, "{other} is no whole list");
    }
}

#[test]
fn rows_are_told_like_the_streams_and_the_walk_ends_with_what_it_knew() {
    let mut rig = Rig::up();
    let as_of = told_as_of(&mut rig);
    let asked = rig.now;
    rig.now = rig.now.plus(Nanos::SECOND);
    let said =
        rig.rest(request("portfolio/orders?min_ts=60"), &page("orders", "", &[order(TICKER, OURS, "canceled", NOW)]));
    let [Event::OrderIds { market, client, .. }, Event::OrderUpdate { status, filled, .. }, walked] = said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((market, client), (MarketId(1), ClientId { epoch: 1, nonce: 0x2a, seq: 7 }));
    assert_eq!((status, filled), (OrderStatus::Canceled, Count(500)));
    let Event::AccountWalked { list, rows, as_of: told, asked: began, since, strange, .. } = walked else { panic!() };
    assert_eq!((list, rows, strange), (AccountList::Orders, 1, 0));
    assert_eq!((told, began, since), (as_of, asked, Nanos(60 * Nanos::SECOND)));

    let said = rig.rest(request("portfolio/fills?min_ts=60"), &page("fills", "", &[fill(TICKER, NOW)]));
    let [Event::FillTrade { client, post_position, .. }, Event::Fill { order, fee, .. }, _] = said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((client, post_position), (ClientId::FOREIGN, POSITION_NOT_TOLD));
    assert_eq!((Some(order), fee), (Uuid::parse(ORDER.as_bytes()), Money(80_640)));

    let rows = [format!(r#"{{"ticker":"{TICKER}","position_fp":"-5.00"}}"#)];
    let said = rig.rest(request("portfolio/positions?limit=200"), &page("market_positions", "", &rows));
    let [Event::PositionTold { position, as_of: told, .. }, Event::AccountWalked { .. }] = said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((position, told), (Count(-500), as_of));
}

#[test]
fn a_payment_makes_its_market_final_with_the_result_it_was_paid_under() {
    let mut rig = Rig::with_book();
    told_as_of(&mut rig);
    let row = |result: &str, value: &str| {
        format!(
            r#"{{"ticker":"{TICKER}","market_result":"{result}","revenue":500,"value":{value},"settled_time":"{NOW}"}}"#
        )
    };
    let said = rig.rest(request("portfolio/settlements?min_ts=1"), &page("settlements", "", &[row("scalar", "null")]));
    assert_eq!(faults(&said), [FrameFault::BadField], "a scalar without its value pays nobody knows what");
    let said = rig.rest(request("portfolio/settlements?min_ts=1"), &page("settlements", "", &[row("no", "0")]));
    let life = said.iter().find_map(|event| match event {
        Event::Lifecycle { kind, outcome, value, .. } => Some((*kind, *outcome, *value)),
        _ => None,
    });
    assert_eq!(life, Some((LifecycleKind::Finalized, Outcome::No, Money::ZERO)));
    assert!(matches!(said.last(), Some(Event::AccountWalked { .. })));
}

#[test]
fn a_walk_of_several_pages_ends_once_and_only_in_its_order() {
    let mut rig = Rig::up();
    told_as_of(&mut rig);
    let rows = [order(TICKER, OURS, "canceled", NOW)];
    let ask = |rig: &mut Rig, query: &str, cursor: &str| {
        kinds(&rig.rest(request(&format!("portfolio/orders?min_ts=60{query}")), &page("orders", cursor, &rows)))
    };
    let told = ["order ids", "order"];
    let ended = ["order ids", "order", "walked"];
    assert_eq!(ask(&mut rig, "", "a"), told);
    assert_eq!(ask(&mut rig, "&cursor=a", "b"), told);
    assert_eq!(ask(&mut rig, "&cursor=b", ""), ended);
    assert_eq!(ask(&mut rig, "&cursor=b", ""), told, "the end of a walk that is over is no end");
    ask(&mut rig, "", "a");
    assert_eq!(ask(&mut rig, "&cursor=b", ""), told, "a page was left out");
    ask(&mut rig, "", "a");
    rig.rest_with(request("portfolio/orders?min_ts=60&cursor=a"), 503, b"");
    assert_eq!(ask(&mut rig, "&cursor=a", ""), ended, "a page that failed may be asked for again");
}

#[test]
fn a_row_that_cannot_be_read_leaves_the_walk_without_an_end() {
    let mut rig = Rig::up();
    told_as_of(&mut rig);
    let good = order(TICKER, OURS, "canceled", NOW);
    for bad in [
        good.replace("canceled", "sleeping"),
        good.replace("0.6400", "x"),
        good.replace("created_time", "x"),
        "{}".into(),
    ] {
        let said = rig.rest(request("portfolio/orders"), &page("orders", "", &[bad, good.clone()]));
        assert_eq!(kinds(&said), ["rejected", "order ids", "order"]);
    }
    let many: Vec<_> = (0..=ACCOUNT_PAGE_ROWS + 5).map(|_| good.clone()).collect();
    let said = rig.rest(request("portfolio/orders"), &page("orders", "", &many));
    assert_eq!((faults(&said), said.len()), (vec![FrameFault::TooMany], 2 * ACCOUNT_PAGE_ROWS + 1));
}

#[test]
fn without_the_read_sides_time_no_walk_proves_anything() {
    let mut rig = Rig::up();
    let said = rig.rest(request("portfolio/fills"), &page("fills", "", &[fill(TICKER, NOW)]));
    assert_eq!(kinds(&said), ["fill trade", "fill"]);
}

#[test]
fn what_is_not_ours_or_long_over_is_counted_and_what_is_young_is_told() {
    let mut rig = Rig::up();
    told_as_of(&mut rig);
    let rows = [
        order("KXETH-1-1", "app", "resting", NOW),
        order("KXBTC15M-OLD-00", OURS, "executed", "2026-11-22T10:00:00Z"),
        order("KXBTC15M-NEW-00", "app", "resting", NOW),
    ];
    let said = rig.rest(request("portfolio/orders"), &page("orders", "", &rows));
    assert_eq!(kinds(&said), ["event", "market", "order ids", "order", "walked"]);
    assert!(matches!(said.last(), Some(Event::AccountWalked { rows: 3, strange: 2, .. })), "{said:?}");
}

#[test]
fn a_market_that_is_final_is_still_known_by_its_number_for_a_while() {
    let mut rig = Rig::up();
    told_as_of(&mut rig);
    let paid = r#","status":"finalized","result":"yes","expiration_value":"100000.00""#;
    let paid = market_of(TICKER, EVENT, "2026-11-22T17:00:00Z", "2026-11-22T17:15:00Z", paid);
    rig.now = CLOSE.plus(10 * Nanos::SECOND);
    rig.list(&[paid.replace(r#""result":"","#, "")]);
    let number_of = |rig: &mut Rig| {
        let said = rig.rest(request("portfolio/fills"), &page("fills", "", &[fill(TICKER, NOW)]));
        said.iter().find_map(|event| if let Event::Fill { market, .. } = event { Some(*market) } else { None })
    };
    rig.now = rig.now.plus(600 * Nanos::SECOND);
    rig.list(&[]);
    assert_eq!(number_of(&mut rig), Some(MarketId(1)));
    rig.now = rig.now.plus(900 * Nanos::SECOND);
    rig.list(&[]);
    assert_eq!(number_of(&mut rig), None, "an hour old, and of a market long over: nobody's");
}

#[test]
fn a_program_that_goes_on_tells_again_what_may_not_have_been_heard() {
    let mut rig = Rig::with_book();
    let before = rig.session.state_hash();
    let said = rig.start_again();
    assert_ne!(rig.session.state_hash(), before);
    let told: Vec<_> = kinds(&said);
    assert_eq!(told[..3], ["invalid", "feed", "feed"], "no connection outlives its program: {told:?}");
    assert_eq!(told[3..], ["series", "event", "market", "grid", "terms", "life"]);
    assert!(said.iter().all(|event| !matches!(event, Event::FeedChanged { state: FeedState::Up, .. })));
    let named = said.iter().any(|event| matches!(event, Event::MarketNamed { market: MarketId(1), .. }));
    assert!(named, "under the number it had");
    rig.connect();
    rig.serve();
    assert_eq!(kinds(&rig.list(&[market("active")])), [""; 0], "and only once");
}

#[test]
fn a_session_that_knows_nothing_has_nothing_to_tell_again() {
    let mut rig = Rig::new(settings());
    assert_eq!(kinds(&rig.start_again()), [""; 0]);
    rig.rest(RestRequest::Series, &series("KXBTC15M"));
    assert_eq!(kinds(&rig.start_again()), ["series"]);
}
