"""Orders from their creation to their end, one key at a time, and what each does to the account."""

from decimal import Decimal

import kalshi_python_sync as sdk
from checks import MICROS, Wrong, equal, holds, hundredths, micros, until
from session import SHARD, error_code, refused

LOW, HIGH = "0.0100", "0.9900"
NOBODY = "00000000-0000-4000-8000-000000000000"


def judge_trading(checks, session, stream):
    """All sections of this file. `stream` is a connection with the account's channels."""
    _resting(checks, session, stream)
    _refusals(checks, session, stream)
    _changes(checks, session, stream)
    _batches(checks, session, stream)
    _expiry(checks, session, stream)
    _takers(checks, session, stream)
    _shards(checks, session, stream)
    _lists(checks, session)


def lively(session, stream, left_s=4.0):
    """An open market whose book is quoted well inside the grid, watched on `stream`; its ticker."""
    ticker = None

    def probe():
        nonlocal ticker
        ticker = session.open_market(left_s).ticker
        stream.watch(ticker)
        book, _ = stream.mark(ticker)
        bid, ask = book.best_bid(), book.best_ask()
        return bid and ask and bid[0] >= 50_000 and ask[0] <= 950_000

    until(probe, "a market quoted between $0.05 and $0.95", 3 + 4000 / session.speed)
    return ticker


def _resting(checks, session, stream):
    name = session.name
    order = ticker = None
    with checks.check(f"{name}: a bid below the market rests and is listed"):
        ticker = lively(session, stream)
        order = session.create(ticker, "bid", LOW, "2.00")
        equal((order.fill_count, order.remaining_count, order.average_fill_price), ("0.00", "2.00", None), "reply")
        listed = until(lambda: _listed(session, ticker, order.order_id), "the order in the list")
        equal((listed.status.value, listed.book_side.value, listed.outcome_side), ("resting", "bid", "yes"), "listed")
        equal((listed.yes_price_dollars, listed.no_price_dollars), (LOW, HIGH), "prices listed")
        equal((listed.remaining_count_fp, listed.initial_count_fp), ("2.00", "2.00"), "counts listed")
        equal(listed.client_order_id, session.client_ids[-1], "client_order_id listed")
        equal(session.orders.get_order(order.order_id).order.order_id, order.order_id, "the order by its id")
    with checks.check(f"{name}: the stream tells of the order and of its level"):
        told = stream.wait(lambda: _order_told(stream, session.client_ids[-1]), "user_order")
        equal((told["status"], told["order_id"], told["ticker"]), ("resting", order.order_id, ticker), "user_order")
        own = stream.wait(lambda: stream.own_deltas(session.client_ids[-1]), "a delta that names the order")
        equal([(d["side"], d["price_dollars"], d["delta_fp"]) for d in own], [("yes", LOW, "2.00")], "own deltas")
    with checks.check(f"{name}: the same client order id again is 409"):
        same = session.order(ticker, "bid", LOW, "1.00", client_order_id=session.client_ids[-1])
        refused(409, "order_already_exists", session.orders.create_order_v2, **same)
    with checks.check(f"{name}: a cancel without its shard is 404 while the order rests"):
        refused(404, "not_found", session.orders.cancel_order_v2, order.order_id)
        refused(404, "not_found", session.orders.cancel_order_v2, order.order_id, exchange_index=0)
        holds(order.order_id in session.resting(ticker), "the order is gone")
    with checks.check(f"{name}: a queue position is told"):
        rows = session.orders.get_order_queue_positions(market_tickers=ticker).queue_positions
        mine = [row for row in rows if row.order_id == order.order_id]
        holds(len(mine) == 1 and hundredths(mine[0].queue_position_fp) >= 0, f"{rows}")
        session.orders.get_order_queue_position(order.order_id)
    with checks.check(f"{name}: a cancel with its shard ends the order, once"):
        reply = session.orders.cancel_order_v2(order.order_id, exchange_index=SHARD)
        equal((reply.order_id, reply.reduced_by), (order.order_id, "2.00"), "cancel")
        refused(404, "not_found", session.orders.cancel_order_v2, order.order_id, exchange_index=SHARD)
        until(lambda: order.order_id not in session.resting(ticker), "the order off the list")
        ended = until(lambda: _listed(session, ticker, order.order_id, "canceled"), "the order among the canceled")
        equal(ended.remaining_count_fp, "0.00", "remaining of the canceled")
        again = session.order(ticker, "bid", LOW, "1.00", client_order_id=order.client_order_id)
        refused(409, "order_already_exists", session.orders.create_order_v2, **again)
    with checks.check(f"{name}: a cancel by its market's ticker finds the shard"):
        other = session.create(ticker, "bid", LOW, "1.00", exchange_index=None)
        equal(session.orders.cancel_order_v2(other.order_id, market_ticker=ticker).reduced_by, "1.00", "reduced_by")


def _refusals(checks, session, stream):
    name, create = session.name, session.orders.create_order_v2
    ticker = None
    with checks.check(f"{name}: prices off the grid"):
        ticker = lively(session, stream)
        for price in ("0.4550", "0.0105", "0.9995", "0.0000", "1.0000"):
            refused(400, "invalid_price", create, **session.order(ticker, "bid", price, "1.00"))
    with checks.check(f"{name}: a market nobody knows"):
        refused(404, "market_not_found", create, **session.order("NOSUCH-1", "bid", LOW, "1.00"))
    with checks.check(f"{name}: a count that is a JSON number is the decoder's flat 400"):
        for member, value in (("count", 1), ("price", 0.01)):
            body = session.order(ticker, "bid", LOW, "1.00") | {member: value}
            status, answer = session.raw("POST", "/portfolio/events/orders", body)
            equal((status, answer.get("code")), (400, "bad_request"), f"a numeric {member}: {answer}")
    with checks.check(f"{name}: bodies that are no order"):
        for body in ("{", "[]", '{"ticker":1}'):
            equal(session.raw("POST", "/portfolio/events/orders", body)[0], 400, f"body {body}")
        status, answer = session.raw("POST", "/portfolio/events/orders", session.order(ticker, "buy", LOW, "1.00"))
        equal(status, 400, f"side buy: {answer}")
        for count in ("0.00", "1.001", "-1.00"):
            holds(session.raw("POST", "/portfolio/events/orders", session.order(ticker, "bid", LOW, count))[0] == 400, f"count {count}")
    with checks.check(f"{name}: fill or kill with nothing to fill, its id is used up"):
        order = session.order(ticker, "bid", LOW, "1.00", time_in_force="fill_or_kill")
        refused(409, "fill_or_kill_insufficient_resting_volume", create, **order)
        refused(409, "order_already_exists", create, **order)
    with checks.check(f"{name}: post only that would cross"):
        order = session.order(ticker, "bid", HIGH, "1.00", post_only=True)
        answer = refused(400, "invalid_order", create, **order)
        equal(answer["error"].get("details"), "post only cross", "details")
    with checks.check(f"{name}: more than the account has"):
        refused(400, "insufficient_balance", create, **session.order(ticker, "bid", "0.0200", "9000000.00"))
    with checks.check(f"{name}: an id with a dot in it"):
        order = session.order(ticker, "bid", LOW, "1.00", client_order_id="a.b")
        refused(400, "invalid_parameters", create, **order)
    with checks.check(f"{name}: the first version's writes are gone"):
        for method, path in (("POST", "/portfolio/orders"), ("DELETE", f"/portfolio/orders/{NOBODY}")):
            status, answer = session.raw(method, path, {} if method == "POST" else None)
            equal((status, error_code(answer)), (410, "deprecated_v1_order_endpoint"), f"{method} {path}")
    with checks.check(f"{name}: a closed market takes nothing"):
        closed = until(lambda: session.market.get_markets(series_ticker="KXBTC15M", status="settled").markets, "a settled market", 2000 / session.speed + 5)
        refused(400, "market_inactive", create, **session.order(closed[0].ticker, "bid", LOW, "1.00"))
    with checks.check(f"{name}: none of them rests or filled"):
        equal(session.resting(ticker), set(), "resting")


def judge_keys(checks, session):
    """Requests whose signature, key or clock is wrong."""
    name, path = session.name, "/portfolio/balance"
    cases = {
        "an old timestamp": (session.signed_at("GET", path, -60), "header_timestamp_expired", None),
        "a timestamp of the future": (session.signed_at("GET", path, 60), "header_timestamp_expired", None),
        "a signature of another path": (session.signed_at("GET", "/portfolio/fills", 0), "authentication_error", "INCORRECT_API_KEY_SIGNATURE"),
        "a signature of another method": (session.signed_at("POST", path, 0), "authentication_error", "INCORRECT_API_KEY_SIGNATURE"),
        "a signature that is none": (session.signed_at("GET", path, 0) | {"KALSHI-ACCESS-SIGNATURE": "AAAA"}, "authentication_error", "INCORRECT_API_KEY_SIGNATURE"),
        "a key nobody has": (session.signed_at("GET", path, 0) | {"KALSHI-ACCESS-KEY": NOBODY}, "authentication_error", "NOT_FOUND"),
    }
    for what, (headers, code, details) in cases.items():
        with checks.check(f"{name}: {what} is 401"):
            status, answer = session.raw("GET", path, headers=headers)
            error = (answer or {}).get("error", {})
            equal((status, error.get("code"), error.get("details")), (401, code, details), "answer")
    with checks.check(f"{name}: five seconds of skew are taken, and a query is not signed"):
        equal(session.raw("GET", path, headers=session.signed_at("GET", path, -5))[0], 200, "5 s late")
        equal(session.raw("GET", path, headers=session.signed_at("GET", path, 5))[0], 200, "5 s early")
        equal(session.raw("GET", "/portfolio/fills?limit=1", headers=session.signed_at("GET", "/portfolio/fills", 0))[0], 200, "query")


def _changes(checks, session, stream):
    name, orders = session.name, session.orders
    order = ticker = None
    with checks.check(f"{name}: an amend changes price and count"):
        ticker = lively(session, stream)
        order = session.create(ticker, "bid", LOW, "2.00")
        reply = orders.amend_order_v2(order.order_id, ticker=ticker, side="bid", price="0.0200", count="3.00", exchange_index=SHARD)
        equal((reply.order_id, reply.remaining_count), (order.order_id, "3.00"), "amend")
        listed = until(lambda: _listed(session, ticker, order.order_id), "the order in the list")
        equal((listed.yes_price_dollars, listed.remaining_count_fp), ("0.0200", "3.00"), "listed after the amend")
    with checks.check(f"{name}: a decrease by, a decrease to, and not both"):
        reply = orders.decrease_order_v2(order.order_id, reduce_by="1.00", exchange_index=SHARD)
        equal(reply.remaining_count, "2.00", "after reduce_by")
        reply = orders.decrease_order_v2(order.order_id, reduce_to="0.50", exchange_index=SHARD)
        equal(reply.remaining_count, "0.50", "after reduce_to")
        both = {"reduce_by": "0.10", "reduce_to": "0.10", "exchange_index": SHARD}
        equal(session.raw("POST", f"/portfolio/events/orders/{order.order_id}/decrease", both)[0], 400, "both")
        listed = until(lambda: _listed(session, ticker, order.order_id), "the order in the list")
        equal(listed.remaining_count_fp, "0.50", "listed after the decreases")
    with checks.check(f"{name}: the book follows amend and decrease"):
        # Makers quote above $0.05 here: these levels are ours alone.
        level = lambda price: stream.books[ticker].sides["yes"].get(price, 0)  # noqa: E731
        stream.wait(lambda: (level(10_000), level(20_000)) == (0, 50), "0.50 contracts at $0.02 and none at $0.01")
    with checks.check(f"{name}: amend and decrease of an order nobody has are 404"):
        refused(404, "not_found", orders.decrease_order_v2, NOBODY, reduce_by="1.00", exchange_index=SHARD)
        refused(404, "not_found", orders.amend_order_v2, NOBODY, ticker=ticker, side="bid", price=LOW, count="1.00", exchange_index=SHARD)
    with checks.check(f"{name}: cancel all leaves nothing"):
        ticker = lively(session, stream)
        session.create(ticker, "bid", LOW, "1.00")
        session.create(ticker, "ask", HIGH, "1.00")
        orders.cancel_all_orders()
        until(lambda: not session.resting(ticker), "an empty list")
        equal(orders.cancel_all_orders_with_http_info().status_code, 204, "status of cancel all")


def _batches(checks, session, stream):
    name, orders = session.name, session.orders
    with checks.check(f"{name}: a batch answers item by item"):
        ticker = lively(session, stream)
        wanted = [session.order(ticker, "bid", price, "1.00") for price in (LOW, "0.4550", "0.0200")]
        answer = orders.batch_create_orders_v2(orders=wanted).orders
        equal(len(answer), 3, "items")
        equal([row.error is None for row in answer], [True, False, True], "which were taken")
        holds(answer[1].error.code == "invalid_price", f"the refused: {answer[1]}")
        equal([row.client_order_id for row in (answer[0], answer[2])], [wanted[0]["client_order_id"], wanted[2]["client_order_id"]], "client ids")
        taken = {answer[0].order_id, answer[2].order_id}
        until(lambda: taken <= session.resting(ticker), "both in the list")
        ended = orders.batch_cancel_orders_v2(
            orders=[{"order_id": order, "exchange_index": SHARD} for order in (answer[0].order_id, NOBODY, answer[2].order_id)]
        ).orders
        equal([(row.reduced_by, row.error is None) for row in ended], [("1.00", True), ("0.00", False), ("1.00", True)], "ends")
        until(lambda: not taken & session.resting(ticker), "both off the list")


def _expiry(checks, session, stream):
    name = session.name
    with checks.check(f"{name}: an order past its time is canceled, one born late is refused"):
        ticker = lively(session, stream)
        now = int(session.market_s())
        late = session.order(ticker, "bid", LOW, "1.00", expiration_time=now - 60)
        equal(session.raw("POST", "/portfolio/events/orders", late)[0], 400, "an expiration in the past")
        order = session.create(ticker, "bid", LOW, "1.00", expiration_time=now + max(2, int(session.speed)))
        told = stream.wait(lambda: [row for row in stream.messages("user_order") if row["order_id"] == order.order_id and row["status"] == "canceled"], "user_order of the end")
        equal(told[0].get("last_update_reason"), "ExpiryCancel", "last_update_reason")
        until(lambda: _listed(session, ticker, order.order_id, "canceled"), "the order among the canceled")


def _takers(checks, session, stream):
    name = session.name
    with checks.check(f"{name}: nothing rests before the account is counted"):
        session.orders.cancel_all_orders()
        ticker = lively(session, stream, 8)
        until(lambda: not session.resting(ticker), "an empty list")
        session.settle_all_but(ticker)
    start = session.cash() - session.cash_change()
    steps = (("buys YES", "bid", HIGH, "2.37"), ("sells some of it", "ask", LOW, "1.00"), ("buys NO through zero", "ask", LOW, "3.11"), ("sweeps levels", "bid", HIGH, None))
    for what, side, price, count in steps:
        with checks.check(f"{name}: a taker {what} at the makers' prices"):
            ticker = lively(session, stream, 2.5)
            take(session, stream, ticker, side, price, count or _sweep(stream, ticker))
        with checks.check(f"{name}: position, fees and cash after that, to $0.000001"):
            account_agrees(session, start)
    with checks.check(f"{name}: IOC with nothing to take fills nothing and rests nothing"):
        ticker = lively(session, stream, 2)
        reply = session.create(ticker, "bid", LOW, "1.00", time_in_force="immediate_or_cancel")
        equal((reply.fill_count, reply.remaining_count), ("0.00", "0.00"), "reply")
        holds(reply.order_id not in session.resting(ticker), "it rests")


def _sweep(stream, ticker):
    """A count that takes the whole best ask and some of the next level."""
    _, size = stream.mark(ticker)[0].best_ask()
    return f"{Decimal(size + 150) / 100:.2f}"


def take(session, stream, ticker, side, price, count):
    """Takes with IOC and follows the fill through reply, deltas, trades, fills, orders and list."""
    reply = None

    def filled():
        nonlocal reply
        reply = session.create(ticker, side, price, count, time_in_force="immediate_or_cancel")
        return hundredths(reply.fill_count)

    total = until(filled, "a fill")
    client_id = session.client_ids[-1]
    equal(reply.remaining_count, "0.00", "what is left of an IOC")
    hit = "no" if side == "bid" else "yes"
    taken = lambda: [d for d in stream.own_deltas(client_id) if d["side"] == hit]  # noqa: E731
    stream.wait(lambda: sum(-hundredths(d["delta_fp"]) for d in taken()) == total, "deltas of the taken levels")
    levels = {}
    for delta in taken():
        level = yes_price(delta, stream)
        levels[level] = levels.get(level, 0) - hundredths(delta["delta_fp"])
    equal(walk(stream, client_id, hit, total), levels, "levels taken beside the best of the book before")

    fills = until(lambda: _fills(session, reply.order_id, total), "the fills in the list")
    by_price = {}
    for fill in fills:
        by_price[micros(fill.yes_price_dollars)] = by_price.get(micros(fill.yes_price_dollars), 0) + hundredths(fill.count_fp)
    equal(by_price, levels, "fills by price beside the levels taken")
    near(reply.average_fill_price, Decimal(sum(p * c for p, c in levels.items())) / total / MICROS, "average_fill_price")
    near(reply.average_fee_paid, Decimal(sum(micros(f.fee_cost) for f in fills)) * 100 / total / MICROS, "average_fee_paid")
    told = stream.wait(lambda: _told_fills(stream, fills), "fills on the stream")
    for fill in fills:
        message = told[fill.trade_id]
        equal((message["fee_cost"], message["count_fp"], message["is_taker"], message["book_side"]), (fill.fee_cost, fill.count_fp, True, side), "fill told")
        equal((fill.is_taker, fill.book_side.value, fill.exchange_index), (True, side, SHARD), "fill listed")
    public = stream.wait(lambda: _told_trades(stream, fills), "trades on the stream")
    for fill in fills:
        equal((public[fill.trade_id]["yes_price_dollars"], public[fill.trade_id]["taker_book_side"]), (fill.yes_price_dollars, side), "trade told")
    trades = until(lambda: _trades(session, ticker, fills), "the trades in the public list")
    equal([t.taker_book_side.value for t in trades], [side] * len(fills), "taker side of the trades listed")


def walk(stream, client_id, hit, total):
    """What the best levels of the book before the order give for `total`."""
    book = stream.book_before(client_id)
    levels, taken = sorted(book.sides[hit].items(), reverse=hit == "yes"), {}
    for price, size in levels:
        if total <= 0:
            break
        taken[price] = min(size, total)
        total -= taken[price]
    return taken


def account_agrees(session, start):
    """Fees by the formula, position by the fills, cash by both."""
    rows, paid = session.book_keeping()
    for fill, fee, _ in rows:
        equal(micros(fill.fee_cost), fee, f"fee of {fill.count_fp} at {fill.yes_price_dollars} ({fill.book_side.value}, taker {fill.is_taker})")
    session.cash_agrees(start)
    until(lambda: _positions_agree(session), "positions beside the fills", 5)


def _positions_agree(session):
    rows, _ = session.book_keeping()
    settled = {row.ticker for row in session.every(session.portfolio.get_settlements, "settlements")}
    held = {}
    for fill, _, _ in rows:
        count = hundredths(fill.count_fp)
        held[fill.ticker] = held.get(fill.ticker, 0) + (count if fill.book_side.value == "bid" else -count)
    expected = {ticker: count for ticker, count in held.items() if count and ticker not in settled}
    listed = session.every(session.portfolio.get_positions, "market_positions")
    return {row.ticker: hundredths(row.position_fp) for row in listed if hundredths(row.position_fp)} == expected


def _shards(checks, session, stream):
    name = session.name
    with checks.check(f"{name}: money on another shard does not back an order, and comes back"):
        ticker = lively(session, stream)
        session.settle_all_but(ticker)
        before = _by_shard(session)
        amount = before[SHARD] // 100 * 100
        _move(session, SHARD, 0, amount)
        equal(_by_shard(session)[0], before.get(0, 0) + amount, "balance of shard 0")
        refused(400, "insufficient_balance", session.orders.create_order_v2, **session.order(ticker, "bid", "0.0500", "10.00"))
        _move(session, 0, SHARD, amount)
        equal(_by_shard(session), before, "balances by shard")


def _move(session, source, destination, amount):
    reply = session.portfolio.intra_exchange_instance_transfer(
        source="event_contract", destination="event_contract", amount=amount // 100, source_exchange_shard=source, destination_exchange_shard=destination
    )
    holds(reply.transfer_id, "no transfer_id")


def _by_shard(session):
    return {row.exchange_index: micros(row.balance) for row in session.portfolio.get_balance().balance_breakdown}


def _lists(checks, session):
    name, portfolio, orders = session.name, session.portfolio, session.orders
    with checks.check(f"{name}: filters of orders"):
        rows = session.every(orders.get_orders, "orders")
        newest = rows[0]
        equal({row.status.value for row in session.every(orders.get_orders, "orders", status="executed")}, {"executed"}, "status=executed")
        equal({row.ticker for row in session.every(orders.get_orders, "orders", ticker=newest.ticker)}, {newest.ticker}, "ticker")
        event = newest.ticker.rsplit("-", 1)[0]
        equal({row.ticker for row in session.every(orders.get_orders, "orders", event_ticker=event)}, {newest.ticker}, "event_ticker")
        equal(orders.get_orders(exchange_index=0).orders, [], "exchange_index=0")
        equal(orders.get_orders(min_ts=int(session.market_s()) + 3600).orders, [], "min_ts in the future")
        equal(orders.get_orders(max_ts=1).orders, [], "max_ts long ago")
        pages = [row.order_id for row in session.every(orders.get_orders, "orders", limit=3)]
        equal(pages, [row.order_id for row in rows], "in pages of 3")
    with checks.check(f"{name}: filters of fills"):
        rows = session.every(portfolio.get_fills, "fills")
        newest = rows[0]
        equal({row.ticker for row in portfolio.get_fills(ticker=newest.ticker).fills}, {newest.ticker}, "ticker")
        equal({row.order_id for row in portfolio.get_fills(order_id=newest.order_id).fills}, {newest.order_id}, "order_id")
        equal(portfolio.get_fills(exchange_index=0).fills, [], "exchange_index=0")
        equal(portfolio.get_fills(min_ts=int(session.market_s()) + 3600).fills, [], "min_ts in the future")
        equal(portfolio.get_fills(max_ts=1).fills, [], "max_ts long ago")
        pages = [row.fill_id for row in session.every(portfolio.get_fills, "fills", limit=1)]
        equal(pages, [row.fill_id for row in rows], "in pages of 1")
    with checks.check(f"{name}: filters of trades"):
        trades = session.market.get_trades(ticker=newest.ticker, limit=1000).trades
        times = [row.created_time for row in trades]
        equal(times, sorted(times, reverse=True), "newest first")
        equal(session.market.get_trades(min_ts=int(session.market_s()) + 3600).trades, [], "min_ts in the future")
        equal(session.market.get_trades(ticker=newest.ticker, max_ts=1).trades, [], "max_ts long ago")
        equal(session.market.get_trades(ticker=newest.ticker, is_block_trade=True).trades, [], "block trades")
        pages = [row.trade_id for row in session.every(session.market.get_trades, "trades", limit=2, ticker=newest.ticker, max_ts=int(times[0].timestamp()))]
        known = [row.trade_id for row in trades]
        equal(pages[-len(known) :], known, "in pages of 2")
    with checks.check(f"{name}: filters of positions and of the balance"):
        every = session.every(portfolio.get_positions, "market_positions", settlement_status="all")
        ticker = every[0].ticker
        equal([row.ticker for row in portfolio.get_positions(ticker=ticker, settlement_status="all").market_positions], [ticker], "ticker")
        event = ticker.rsplit("-", 1)[0]
        equal([row.ticker for row in portfolio.get_positions(event_ticker=event, settlement_status="all").market_positions], [ticker], "event_ticker")
        pages = [row.ticker for row in session.every(portfolio.get_positions, "market_positions", limit=1, settlement_status="all")]
        equal(sorted(pages), sorted(row.ticker for row in every), "in pages of 1")
        equal(portfolio.get_positions(exchange_index=0, settlement_status="all").market_positions, [], "exchange_index=0")
        holds(micros(portfolio.get_balance(exchange_index=SHARD).balance_dollars) > 0, f"no money on shard {SHARD}")


# ---- what was told -------------------------------------------------------------------------------


def yes_price(delta, stream):
    """The YES price of a delta, millionths."""
    price = micros(delta["price_dollars"])
    return MICROS - price if delta["side"] == "no" and not stream.use_yes_price else price


def near(text, exact, what):
    """A decimal string that is `exact` to its last place."""
    if text is None:
        raise Wrong(f"{what}: missing, {exact} expected")
    came = Decimal(text)
    holds(came.as_tuple().exponent <= -4, f"{what}: {text} has less than four places")
    holds(abs(came - exact) <= Decimal(1).scaleb(came.as_tuple().exponent), f"{what}: expected {exact}, got {text}")


def _listed(session, ticker, order_id, status="resting"):
    rows = session.every(session.orders.get_orders, "orders", ticker=ticker, status=status)
    return next((row for row in rows if row.order_id == order_id), None)


def _order_told(stream, client_id):
    return next((row for row in stream.messages("user_order") if row.get("client_order_id") == client_id), None)


def _fills(session, order_id, total):
    fills = session.every(session.portfolio.get_fills, "fills", order_id=order_id)
    return fills if sum(hundredths(fill.count_fp) for fill in fills) == total else None


def _told_fills(stream, fills):
    told = {row["trade_id"]: row for row in stream.messages("fill")}
    return told if all(fill.trade_id in told for fill in fills) else None


def _told_trades(stream, fills):
    told = {row["trade_id"]: row for row in stream.messages("trade")}
    return told if all(fill.trade_id in told for fill in fills) else None


def _trades(session, ticker, fills):
    wanted = {fill.trade_id for fill in fills}
    rows = [row for row in session.every(session.market.get_trades, "trades", ticker=ticker) if row.trade_id in wanted]
    return rows if len(rows) == len(wanted) else None
