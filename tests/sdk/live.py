"""The stream beside REST, the index beside the settlement, and a window from its listing to its payment."""

import json
from decimal import Decimal
from datetime import timezone

from checks import equal, holds, hundredths, micros, until
from session import SERIES
from stream import Book, Refused, Stream

ACCOUNT = ("trade", "fill", "user_orders", "market_lifecycle_v2")
#: Books compared in a row, each with the stream at the same time.
COMPARISONS = 8
REQUIRED = {
    "orderbook_snapshot": {"market_ticker", "market_id"},
    "orderbook_delta": {"market_ticker", "market_id", "price_dollars", "delta_fp", "side", "ts", "ts_ms"},
    "trade": {"trade_id", "market_ticker", "yes_price_dollars", "no_price_dollars", "count_fp", "taker_outcome_side", "taker_book_side", "is_block_trade", "ts", "ts_ms"},
    "fill": {"trade_id", "order_id", "client_order_id", "market_ticker", "exchange_index", "is_taker", "yes_price_dollars", "count_fp", "fee_cost", "post_position_fp", "outcome_side", "book_side", "ts", "ts_ms"},
    "user_order": {"order_id", "ticker", "exchange_index", "status", "outcome_side", "book_side", "yes_price_dollars", "fill_count_fp", "remaining_count_fp", "initial_count_fp", "taker_fees_dollars", "maker_fees_dollars", "client_order_id"},
    "market_lifecycle_v2": {"event_type", "market_ticker"},
    "cfbenchmarks_value": {"index_id", "received_at", "data", "avg_60s_data"},
}


def open_stream(session):
    """A connection with the account's channels and the index."""
    stream = session.stream()
    stream.subscribe(*ACCOUNT)
    stream.subscribe("cfbenchmarks_value", index_ids=["BRTI"])
    return stream


def judge_live(checks, session, stream):
    """What can be judged at any time."""
    _handshake(checks, session)
    for scale in (True, False):
        _books(checks, session, scale)
    _commands(checks, session)


def _handshake(checks, session):
    with checks.check(f"{session.name}: the stream is not for strangers"):
        try:
            Stream(session.description["ws_url"], session.description["ca_path"], {}).close()
            holds(False, "an upgrade without a key was taken")
        except Refused as refusal:
            equal(refusal.status, 401, "status")
            holds(b"token_authentication_failure" in refusal.body, f"body {refusal.body}")


def _books(checks, session, use_yes_price):
    with checks.check(f"{session.name}: a book from snapshot and deltas is the book by REST, use_yes_price={use_yes_price}"):
        stream = session.stream(use_yes_price)
        ticker = session.open_market(4).ticker
        stream.watch(ticker)
        deltas = lambda: len(stream.messages("orderbook_delta"))  # noqa: E731
        for number in range(COMPARISONS):
            heard = deltas()
            stream.wait(lambda: deltas() > heard or session.market_s() % 900 > 890, "a delta")  # noqa: B023
            mark = stream.mark(ticker)
            rest = Book.of_rest(session.raw("GET", f"/markets/{ticker}/orderbook")[1]["orderbook_fp"])
            holds(stream.passes_through(ticker, mark, rest), f"comparison {number}: the stream never has {rest.sides}, now {stream.books[ticker].sides}")
        fields(stream)
        stream.close()


def _commands(checks, session):
    with checks.check(f"{session.name}: commands of the stream and their refusals"):
        stream = session.stream()
        ticker = session.open_market(3).ticker
        stream.watch(ticker)
        equal(stream.answer(stream.command("list_subscriptions"))["type"], "ok", "list_subscriptions")
        sid = stream._book_sid
        snapshots = len(stream.messages("orderbook_snapshot"))
        stream.command("update_subscription", sids=[sid], action="get_snapshot", market_tickers=[ticker])
        stream.wait(lambda: len(stream.messages("orderbook_snapshot")) > snapshots, "a snapshot when asked for")
        wrong = (
            (8, "subscribe", {"channels": ["nonsense"]}),
            (7, "unsubscribe", {"sids": [4711]}),
            (5, "nonsense", {}),
            (3, "subscribe", {"channels": []}),
            (14, "subscribe", {"channels": ["orderbook_delta"]}),
        )
        for code, cmd, params in wrong:
            answer = stream.answer(stream.command(cmd, **params))
            equal((answer["type"], answer["msg"].get("code")), ("error", code), f"{cmd} {params}")
        number = stream.command("unsubscribe", sids=[sid])
        ended = stream.answer(number)
        equal((ended["type"], ended.get("sid")), ("unsubscribed", sid), "unsubscribe")
        stream.close()


def fields(stream):
    """Every message heard has the members its type must have."""
    holds(stream.fault is None, f"the stream broke: {stream.fault}")
    for kind, members in REQUIRED.items():
        for message in stream.messages(kind):
            missing = members - message.keys()
            holds(not missing, f"{kind} lacks {sorted(missing)}: {message}")


def judge_window(checks, session, stream, start):
    """A window we hold a position in ends: index, result, payout, the next window's strike."""
    name = session.name
    ticker = market = resting = None
    with checks.check(f"{name}: a position is taken into the close"):
        market = session.open_market(2)
        ticker = market.ticker
        stream.watch(ticker)

        def bought():
            reply = session.create(ticker, "bid", "0.9900", "1.50", time_in_force="immediate_or_cancel")
            return hundredths(reply.fill_count)

        until(bought, "a fill")
        resting = session.create(ticker, "bid", "0.0010", "1.00")
    with checks.check(f"{name}: the window is determined and paid"):
        wait_s = 1200 / session.speed + 10
        life = lambda kind: [row for row in stream.messages("market_lifecycle_v2") if row["market_ticker"] == ticker and row["event_type"] == kind]  # noqa: E731
        determined = stream.wait(lambda: life("determined"), "determined", wait_s)[0]
        stream.wait(lambda: life("settled"), "settled", wait_s)
        holds("settled_ts" in life("settled")[0], f"{life('settled')}")
        final = until(lambda: _final(session, ticker), "finalized")
        equal((determined["result"], determined["settlement_value"]), (final.result, final.settlement_value_dollars), "result told and by REST")
        value = Decimal(final.expiration_value)
        expected = "yes" if value >= Decimal(str(final.floor_strike)) else "no"
        equal(final.result, expected, f"result at {value} against {final.floor_strike}")
        holds(final.settlement_ts is not None, "no settlement_ts")
    with checks.check(f"{name}: what rested is canceled by the close"):
        ends = lambda: [row for row in stream.messages("user_order") if row["order_id"] == resting.order_id and row["status"] == "canceled"]  # noqa: E731
        equal(stream.wait(ends, "the end of the resting order")[0].get("last_update_reason"), "CloseCancel", "last_update_reason")
        equal(session.resting(ticker), set(), "resting after the close")
    with checks.check(f"{name}: the average of the last minute is what the window settled on"):
        close_ms = int(market.close_time.replace(tzinfo=timezone.utc).timestamp() * 1000)
        final = session.market.get_market(ticker).market
        closing = stream.wait(lambda: _closing(stream, close_ms), "the tick of the close")
        average = closing["last_60s_windowed_average_15min"]
        equal(average["window_size"], 60, "window_size at the close")
        values = [Decimal(row["value"]) for row in _ticks(stream, close_ms - 59_000, close_ms)]
        equal(len(values), 60, "ticks of the last minute")
        near_mean = abs(sum(values) / 60 - Decimal(average["value"]))
        holds(near_mean < Decimal("0.000001"), f"mean of the ticks is {sum(values) / 60}, told {average['value']}")
        holds(abs(Decimal(average["value"]) - Decimal(final.expiration_value)) <= Decimal("0.005"), f"{average['value']} against {final.expiration_value}")
    with checks.check(f"{name}: the next window's strike is what this one settled on"):
        final = session.market.get_market(ticker).market
        following = [row for row in session.market.get_markets(series_ticker=SERIES, limit=1000).markets if row.open_time == market.close_time]
        equal(len(following), 1, "windows that follow")
        until(lambda: session.market.get_market(following[0].ticker).market.floor_strike is not None, "its strike", 5)
        equal(Decimal(str(session.market.get_market(following[0].ticker).market.floor_strike)), Decimal(final.expiration_value), "strike")
        told = [row for row in stream.messages("market_lifecycle_v2") if row["market_ticker"] == following[0].ticker and row["event_type"] == "metadata_updated"]
        holds(told, "metadata_updated of the next window was not told")
    with checks.check(f"{name}: settlements are listed, paid to the cent, and leave no position"):
        row = until(lambda: _settlement(session, ticker), "the settlement in the list")
        _settlement_agrees(session, row)
        equal([r.ticker for r in session.portfolio.get_settlements(event_ticker=market.event_ticker).settlements], [ticker], "by event")
        equal(session.portfolio.get_settlements(min_ts=int(session.market_s()) + 3600).settlements, [], "min_ts in the future")
        equal(session.portfolio.get_settlements(max_ts=1).settlements, [], "max_ts long ago")
        session.settle_all_but(None)
        settled = session.portfolio.get_positions(settlement_status="settled", limit=1000).market_positions
        holds(ticker in {r.ticker for r in settled}, f"{ticker} not among the settled positions")
        whole = session.portfolio.get_positions(settlement_status="all", limit=1000).market_positions
        holds({r.ticker for r in settled} <= {r.ticker for r in whole}, "settlement_status=all lacks the settled")
        session.cash_agrees(start)
    with checks.check(f"{name}: a closed window takes no cancel and no order"):
        status, answer = session.raw("POST", "/portfolio/events/orders", session.order(ticker, "bid", "0.0100", "1.00"))
        equal(status, 400, f"create: {answer}")


def judge_stream_end(checks, session, stream):
    """What a whole session on the stream must have shown."""
    name = session.name
    with checks.check(f"{name}: every message has its members, every number follows its predecessor"):
        fields(stream)
        seen = {kind for kind in REQUIRED if stream.messages(kind)}
        equal(seen, set(REQUIRED), "types of message heard")
    with checks.check(f"{name}: index values are strings of JSON, one a second"):
        times = [json.loads(row["data"])["time"] for row in stream.messages("cfbenchmarks_value")]
        equal({b - a for a, b in zip(times, times[1:])}, {1000}, "steps in ms")
        equal({row["index_id"] for row in stream.messages("cfbenchmarks_value")}, {"BRTI"}, "index")
    with checks.check(f"{name}: a heartbeat every ten seconds"):
        stream.wait(lambda: stream.pings > 0, "a ping with the body heartbeat", 12)
        holds(stream.fault is None, f"{stream.fault}")


def _final(session, ticker):
    market = session.market.get_market(ticker).market
    return market if market.status == "finalized" else None


def _ticks(stream, first_ms, last_ms):
    ticks = [json.loads(row["data"]) for row in stream.messages("cfbenchmarks_value")]
    return [tick for tick in ticks if first_ms <= tick["time"] <= last_ms]


def _closing(stream, close_ms):
    rows = stream.messages("cfbenchmarks_value")
    return next((row for row in reversed(rows) if json.loads(row["data"])["time"] == close_ms), None)


def _settlement(session, ticker):
    rows = session.portfolio.get_settlements(ticker=ticker).settlements
    return rows[0] if rows else None


def _settlement_agrees(session, row):
    """What a settlement says beside the fills of its market."""
    fills, _ = session.book_keeping()
    mine = [fill for fill, _, _ in fills if fill.ticker == row.ticker]
    held = sum(hundredths(f.count_fp) * (1 if f.book_side.value == "bid" else -1) for f in mine)
    equal(hundredths(row.yes_count_fp) - hundredths(row.no_count_fp), held, "contracts settled")
    won = held if row.market_result == "yes" else -held
    equal(row.revenue, max(won, 0), "revenue in cents")
    equal(row.value, 100 if row.market_result == "yes" else 0, "value in cents")
    equal(micros(row.fee_cost), sum(micros(f.fee_cost) for f in mine), "fees of the market")

