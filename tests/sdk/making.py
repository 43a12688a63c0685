"""Orders that others trade with, and orders that would trade with our own."""

from kalshi_python_sync import BadRequestException

from checks import equal, hundredths, until
from session import SHARD, error_code
from trading import account_agrees, lively

CENT = 10_000


def judge_making(checks, session, stream, start):
    """All sections of this file. `start` is the cash before any fill."""
    _maker(checks, session, stream, start)
    for mode in ("taker_at_cross", "maker"):
        _own(checks, session, stream, mode)


def _maker(checks, session, stream, start):
    name = session.name
    with checks.check(f"{name}: a resting order is filled at its own price, for the fee of a maker"):

        def filled():
            """One order, as long as its window is open."""
            ticker, price = _inside(session, stream)
            order = _posted(session, ticker, price, "1.30")
            if order is None:
                return None
            over = lambda: session.market_s() % 900 > 900 - session.speed  # noqa: E731
            done = until(lambda: _fills(session, order) or over(), "a fill or the close", 5 + 1000 / session.speed)
            if done is True:
                return None
            if hundredths(order.remaining_count) > sum(hundredths(fill.count_fp) for fill in done):
                session.raw("DELETE", f"/portfolio/events/orders/{order.order_id}?exchange_index={SHARD}")
            return order, price, _fills(session, order)

        order, price, fills = until(filled, "a fill", 10 + 4000 / session.speed)
        for fill in fills:
            equal((fill.is_taker, fill.yes_price_dollars, fill.book_side.value), (False, price, "bid"), "fill")
        told = stream.wait(lambda: [row for row in stream.messages("fill") if row["order_id"] == order.order_id], "the fill on the stream")
        equal(told[0]["is_taker"], False, "is_taker told")
        # The public print is the taker's: somebody sold.
        trade_id = fills[-1].trade_id
        public = stream.wait(lambda: [row for row in stream.messages("trade") if row["trade_id"] == trade_id], "the trade")
        equal(public[0]["taker_book_side"], "ask", "taker of the trade")
    with checks.check(f"{name}: position, fees and cash after that, to $0.000001"):
        session.orders.cancel_all_orders()
        account_agrees(session, start)


def _own(checks, session, stream, mode):
    with checks.check(f"{session.name}: an order that meets our own, self_trade_prevention_type={mode}"):
        until(lambda: _meets(session, stream, mode), "a try that met nobody else", 20 + 2000 / session.speed)
        session.orders.cancel_all_orders()
    with checks.check(f"{session.name}: nobody traded with himself"):
        trades = [fill.trade_id for fill in session.every(session.portfolio.get_fills, "fills")]
        equal(len(trades), len(set(trades)), "trades of the account, counted once and twice")


def _meets(session, stream, mode):
    """One try; nothing when the makers were in between."""
    ticker, price = _inside(session, stream)
    resting = _posted(session, ticker, price, "1.00")
    if resting is None:
        return None
    taker = session.create(ticker, "ask", price, "1.00", time_in_force="immediate_or_cancel", self_trade_prevention_type=mode)
    if hundredths(taker.fill_count) or _fills(session, resting):
        return None
    equal(taker.remaining_count, "0.00", "what is left of the incoming")
    told = lambda: [row for row in stream.messages("user_order") if row["order_id"] == resting.order_id]  # noqa: E731
    if mode == "maker":
        stream.wait(lambda: any(row["status"] == "canceled" for row in told()), "the end of the resting order")
        equal(told()[-1].get("last_update_reason"), "SelfTradeCancel", "last_update_reason")
        return True
    status, answer = session.raw("DELETE", f"/portfolio/events/orders/{resting.order_id}?exchange_index={SHARD}")
    if status == 404 and _fills(session, resting):
        return None
    equal((status, answer.get("reduced_by")), (200, "1.00"), "cancel of the untouched resting order")
    return True


def _posted(session, ticker, price, count):
    """A bid that takes nothing; nothing when the market had moved to it."""
    try:
        return session.create(ticker, "bid", price, count, post_only=True)
    except BadRequestException as error:
        equal(error_code(error.body), "invalid_order", "refusal")
        return None


def _inside(session, stream):
    """A market with room between its best prices, and a YES price there."""

    def probe():
        ticker = lively(session, stream, 3)
        book, _ = stream.mark(ticker)
        bid, ask = book.best_bid(), book.best_ask()
        room = bid and ask and bid[0] >= 10 * CENT and ask[0] <= 90 * CENT and ask[0] - bid[0] >= 2 * CENT
        return (ticker, f"{(ask[0] - CENT) / 1_000_000:.4f}") if room else None

    return until(probe, "a spread of two cents", 10 + 2000 / session.speed)


def _fills(session, order):
    return session.every(session.portfolio.get_fills, "fills", order_id=order.order_id)
