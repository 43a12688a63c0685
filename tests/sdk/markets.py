"""Market data by REST: every body through the SDK's models, every documented filter once."""

from checks import Wrong, equal, holds, hundredths, micros, until
from session import SERIES, SHARD, error_code

#: What a market's filter word lets through.
STATUSES = {
    "unopened": {"initialized"},
    "open": {"active"},
    "paused": {"inactive"},
    "closed": {"closed", "determined", "disputed", "amended"},
    "settled": {"finalized"},
}


def judge_markets(checks, session):
    """All sections of this file."""
    _exchange(checks, session)
    _series_and_events(checks, session)
    _one_market(checks, session)
    _filters(checks, session)
    _pages(checks, session)
    _books(checks, session)
    _strangers(checks, session)


def _exchange(checks, session):
    name = session.name
    with checks.check(f"{name}: exchange status"):
        status = session.exchange.get_exchange_status()
        holds(status.exchange_active and status.trading_active, f"not trading: {status}")
        shards = {row.exchange_index for row in status.exchange_index_statuses}
        holds({0, SHARD} <= shards, f"shards {shards}")
    with checks.check(f"{name}: exchange schedule"):
        schedule = session.exchange.get_exchange_schedule().schedule
        holds(schedule.standard_hours, "no standard hours")
    with checks.check(f"{name}: user data timestamp is market time"):
        stamp = session.exchange.get_user_data_timestamp().as_of_time.timestamp()
        holds(abs(stamp - session.market_s()) < 5 * session.speed + 5, f"{stamp} at {session.market_s()}")
    with checks.check(f"{name}: account limits and costs"):
        limits = session.account.get_account_api_limits()
        holds(limits.read.refill_rate > 0 and limits.write.bucket_capacity > 0, f"{limits}")
        holds(session.account.get_account_endpoint_costs().default_cost > 0, "no default cost")
    with checks.check(f"{name}: series fee changes"):
        session.exchange.get_series_fee_changes(series_ticker=SERIES)


def _series_and_events(checks, session):
    name = session.name
    with checks.check(f"{name}: a series by name and in the list"):
        series = session.market.get_series(SERIES).series
        equal((series.ticker, series.fee_type.value, series.fee_multiplier), (SERIES, "quadratic", 1), "series")
        holds(SERIES in {row.ticker for row in session.market.get_series_list().series}, "not in the list")
        listed = session.market.get_series_list(category=series.category).series
        holds({row.category for row in listed} == {series.category}, f"category {series.category}: {listed}")
    with checks.check(f"{name}: events by name, with markets, and in pages"):
        market = session.open_market(1)
        answer = session.events.get_event(market.event_ticker)
        equal(answer.event.series_ticker, SERIES, "series of the event")
        equal([row.ticker for row in answer.markets], [market.ticker], "markets of the event")
        nested = session.events.get_event(market.event_ticker, with_nested_markets=True).event.markets
        equal([row.ticker for row in nested], [market.ticker], "nested markets")
        events = session.every(session.events.get_events, "events", limit=2, series_ticker=SERIES)
        tickers = [event.event_ticker for event in events]
        equal(len(set(tickers)), len(tickers), "events listed twice")
        holds(market.event_ticker in tickers, f"{market.event_ticker} not among {tickers}")
        ahead = int(session.market_s()) + 86_400
        equal(session.events.get_events(series_ticker=SERIES, min_close_ts=ahead).events, [], "closing tomorrow or later")
        opened = session.events.get_events(series_ticker=SERIES, status="open", with_nested_markets=True).events
        holds(opened and all(event.markets for event in opened), f"status=open, with markets: {opened}")


def _one_market(checks, session):
    with checks.check(f"{session.name}: the open market has its terms"):
        ticker = session.open_market(2).ticker

        def with_strike():
            row = session.market.get_market(ticker).market
            return row if row.floor_strike is not None else None

        market = until(with_strike, "a strike", 3)
        equal((market.status, market.strike_type, market.result), ("active", "greater_or_equal", ""), "terms")
        equal(market.exchange_index, SHARD, "shard")
        equal((market.close_time - market.open_time).total_seconds(), 900, "length in seconds")
        steps = [(row.start, row.end, row.step) for row in market.price_ranges]
        tapered = [("0.0000", "0.1000", "0.0010"), ("0.1000", "0.9000", "0.0100"), ("0.9000", "1.0000", "0.0010")]
        equal(steps, tapered, "price_ranges")
        bid, ask = micros(market.yes_bid_dollars), micros(market.yes_ask_dollars)
        equal(micros(market.no_bid_dollars), 1_000_000 - ask, "NO bid beside the YES ask")
        equal(micros(market.no_ask_dollars), 1_000_000 - bid, "NO ask beside the YES bid")


def _filters(checks, session):
    name, get = session.name, session.market.get_markets
    for word, statuses in STATUSES.items():
        with checks.check(f"{name}: markets with status={word}"):
            rows = get(series_ticker=SERIES, status=word, limit=1000).markets
            holds({row.status for row in rows} <= statuses, f"{ {row.status for row in rows} }")
            holds(rows or word in ("paused", "closed", "settled"), "no rows")
    with checks.check(f"{name}: markets by event, by tickers, without combos"):
        market = session.open_market(1)
        equal([row.ticker for row in get(event_ticker=market.event_ticker).markets], [market.ticker], "by event")
        equal([row.ticker for row in get(tickers=f"{market.ticker},NOSUCH-1").markets], [market.ticker], "by tickers")
        holds(get(series_ticker=SERIES, mve_filter="exclude").markets, "mve_filter=exclude: no rows")
    with checks.check(f"{name}: markets by close, creation, settlement and update times"):
        rows = get(series_ticker=SERIES, limit=1000).markets
        seconds = {name: sorted({int(getattr(row, f"{name}_time").timestamp()) for row in rows}) for name in ("close", "created")}
        for family, times in seconds.items():
            middle = times[len(times) // 2]
            later = get(series_ticker=SERIES, limit=1000, **{f"min_{family}_ts": middle}).markets
            earlier = get(series_ticker=SERIES, limit=1000, **{f"max_{family}_ts": middle}).markets
            time_of = lambda row: getattr(row, f"{family}_time").timestamp()  # noqa: B023,E731
            holds(later and all(time_of(row) >= middle for row in later), f"min_{family}_ts={middle}: {later}")
            holds(earlier and all(time_of(row) < middle + 1 for row in earlier), f"max_{family}_ts={middle}")
        updated = get(series_ticker=SERIES, min_updated_ts=int(session.market_s()) - 900).markets
        holds(updated, "nothing changed within fifteen minutes")
        ahead = int(session.market_s()) + 86_400
        equal(get(series_ticker=SERIES, status="settled", min_settled_ts=ahead).markets, [], "settled tomorrow")
        get(series_ticker=SERIES, status="settled", max_settled_ts=ahead)
    with checks.check(f"{name}: a page too long, a time that is no whole number, a cursor that is garbage"):
        status, body = session.raw("GET", "/markets?limit=1001")
        holds(status == 400 and "msg" in body, f"limit=1001: {status} {body}")
        holds(session.raw("GET", "/markets?min_close_ts=1.5")[0] == 400, "min_close_ts=1.5 was taken")
        status, body = session.raw("GET", "/markets?cursor=garbage!&limit=1")
        holds(status == 200 and len(body["markets"]) == 1, f"cursor=garbage!: {status} {body}")


def _pages(checks, session):
    with checks.check(f"{session.name}: markets page by page are the unpaged list"):

        def same():
            whole = [row.ticker for row in session.market.get_markets(limit=1000).markets]
            paged = [row.ticker for row in session.every(session.market.get_markets, "markets", limit=37)]
            # Windows are listed while we read: the list before and after must be the same to compare.
            again = [row.ticker for row in session.market.get_markets(limit=1000).markets]
            if whole == again and paged != whole:
                raise Wrong(f"{len(paged)} rows in pages, {len(whole)} at once")
            return whole if whole == again else None

        rows = until(same, "a list that stands still")
        holds(len(rows) > 100 and len(set(rows)) == len(rows), f"{len(rows)} rows, {len(set(rows))} tickers")


def _books(checks, session):
    name = session.name
    with checks.check(f"{name}: a book by REST, whole, shallow, and beside others"):
        ticker = session.open_market(3).ticker
        deep = until(lambda: _quoted(session, ticker), "a quoted book")
        for side in ("yes_dollars", "no_dollars"):
            prices = [micros(row[0]) for row in getattr(deep, side)]
            equal(prices, sorted(set(prices)), f"{side} ascending")
            holds(all(hundredths(row[1]) > 0 for row in getattr(deep, side)), f"{side}: a level without size")
        bid, no_bid = micros(deep.yes_dollars[-1][0]), micros(deep.no_dollars[-1][0])
        holds(bid + no_bid < 1_000_000, f"crossed: YES bid {bid}, NO bid {no_bid}")
        shallow = session.market.get_market_orderbook(ticker, depth=1).orderbook_fp
        equal((len(shallow.yes_dollars), len(shallow.no_dollars)), (1, 1), "levels at depth=1")
        other = session.market.get_markets(series_ticker=SERIES, status="unopened", limit=1).markets[0].ticker
        books = session.market.get_market_orderbooks(tickers=[ticker, other]).orderbooks
        equal({row.ticker for row in books}, {ticker, other}, "orderbooks of two tickers")


def _quoted(session, ticker):
    book = session.market.get_market_orderbook(ticker).orderbook_fp
    return book if book.yes_dollars and book.no_dollars else None


def _strangers(checks, session):
    name = session.name
    with checks.check(f"{name}: what does not exist is 404"):
        for path in ("/markets/NOSUCH-1", "/events/NOSUCH-1", "/series/NOSUCH", "/markets/NOSUCH-1/orderbook", "/nothing"):
            status, body = session.raw("GET", path)
            holds(status == 404 and "not_found" in (error_code(body) or ""), f"{path}: {status} {body}")
    with checks.check(f"{name}: market data needs no key, the account does"):
        equal(session.raw("GET", f"/markets?series_ticker={SERIES}", headers={})[0], 200, "markets without a key")
        status, body = session.raw("GET", "/portfolio/balance", headers={})
        equal((status, error_code(body)), (401, "signature_is_missing_from_headers"), "balance without a key")
