"""One user of the exchange: the official SDK with one key, and the same requests by hand where the SDK
is too polite to send what must be refused.
"""

import http.client
import json
import ssl
import time
import uuid
from urllib.parse import urlparse

import kalshi_python_sync as sdk
from checks import MICROS, OrderFees, Wrong, equal, holds, hundredths, micros, until
from stream import Stream

SERIES = "KXBTC15M"
SHARD = 2
ROOT = "/trade-api/v2"


class Session:
    """The SDK's clients and what every section needs."""

    def __init__(self, description, name, key_id, key_path):
        self.description, self.name, self.key_id = description, name, key_id
        with open(key_path, encoding="ascii") as file:
            self.key = sdk.KalshiAuth(key_id, file.read())
        # No retries: a request that must be sent again is a finding.
        self.client = sdk.ApiClient(
            sdk.Configuration(host=description["rest_url"], ssl_ca_cert=description["ca_path"], retries=0)
        )
        self.client.kalshi_auth = self.key
        self.exchange = sdk.ExchangeApi(self.client)
        self.market = sdk.MarketApi(self.client)
        self.events = sdk.EventsApi(self.client)
        self.orders = sdk.OrdersApi(self.client)
        self.portfolio = sdk.PortfolioApi(self.client)
        self.account = sdk.AccountApi(self.client)
        self.client_ids = []
        url = urlparse(description["rest_url"])
        self.host, self.port = url.hostname, url.port
        self.tls = ssl.create_default_context(cafile=description["ca_path"])

    # ---- requests ----------------------------------------------------------------------------

    def raw(self, method, path, body=None, headers=None):
        """A request by hand, signed unless `headers` are given. `path` is below the root. Gives status and JSON."""
        target = ROOT + path
        if headers is None:
            headers = self.key.create_auth_headers(method, target)
        headers = dict(headers)
        text = None if body is None else body if isinstance(body, str) else json.dumps(body)
        if text is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=15, context=self.tls)
        try:
            connection.request(method, target, body=text, headers=headers)
            reply = connection.getresponse()
            content = reply.read()
        finally:
            connection.close()
        try:
            return reply.status, json.loads(content) if content else None
        except ValueError as error:
            raise Wrong(f"{method} {target}: status {reply.status}, no JSON: {content[:200]!r}") from error

    def signed_at(self, method, path, shift_s):
        """Headers of a request signed with a clock that is wrong by `shift_s`."""
        stamp = str(int((time.time() + shift_s) * 1000))
        text = stamp + method + ROOT + path
        return self.headers_of(stamp, text)

    def headers_of(self, stamp, text):
        """Headers with a signature of `text`."""
        import base64

        signature = base64.b64encode(self.key.sign(text.encode())).decode()
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": stamp,
            "KALSHI-ACCESS-SIGNATURE": signature,
        }

    def stream(self, use_yes_price=True):
        """A new connection to the stream."""
        url = self.description["ws_url"]
        headers = self.key.create_auth_headers("GET", urlparse(url).path)
        return Stream(url, self.description["ca_path"], headers, use_yes_price)

    def new_id(self):
        """A client order id as SDK users make them; remembered for the ledger."""
        self.client_ids.append(str(uuid.uuid4()))
        return self.client_ids[-1]

    def order(self, ticker, side, price, count, **more):
        """Arguments of a create: good till canceled, on the right shard, unless `more` says otherwise."""
        arguments = {
            "ticker": ticker,
            "side": side,
            "price": price,
            "count": count,
            "time_in_force": "good_till_canceled",
            "self_trade_prevention_type": "taker_at_cross",
            "exchange_index": SHARD,
        }
        if "client_order_id" not in more:
            arguments["client_order_id"] = self.new_id()
        arguments.update(more)
        return {key: value for key, value in arguments.items() if value is not None}

    def create(self, *arguments, **more):
        """Creates an order with the SDK; the reply must name it."""
        wanted = self.order(*arguments, **more)
        reply = self.orders.create_order_v2(**wanted)
        holds(reply is not None, "create: the SDK knows no 2xx but 201")
        equal(reply.client_order_id, wanted["client_order_id"], "client_order_id of the reply")
        return reply

    def resting(self, ticker):
        """Ids of the orders that rest on a market."""
        return {order.order_id for order in self.every(self.orders.get_orders, "orders", ticker=ticker, status="resting")}

    def every(self, call, member, limit=100, **filters):
        """All pages of a list."""
        rows, cursor = [], None
        for _ in range(1000):
            page = call(limit=limit, cursor=cursor, **filters)
            got = getattr(page, member)
            holds(len(got) <= limit, f"{member}: {len(got)} rows on a page of {limit}")
            rows += got
            cursor = page.cursor
            if not cursor:
                return rows
        raise Wrong(f"{member}: pages without end")

    # ---- time and markets --------------------------------------------------------------------

    @property
    def speed(self):
        """Market seconds a second."""
        return self.description["clock"]["speed"]

    def market_s(self):
        """The exchange's time, seconds since the epoch."""
        clock = self.description["clock"]
        passed = time.time_ns() - clock["wall_start_ns"]
        return (clock["market_start_ns"] + passed * clock["speed"]) / 1e9

    def open_market(self, left_s):
        """The open window with at least `left_s` real seconds to go; waits for the next when it is late."""
        left = min(left_s * self.speed, 800)

        def probe():
            rows = self.market.get_markets(series_ticker=SERIES, status="open").markets
            return [row for row in rows if row.close_time.timestamp() - self.market_s() > left]

        return until(probe, "an open market", 3 + 2000 / self.speed)[0]

    # ---- money -------------------------------------------------------------------------------

    def book_keeping(self):
        """Every fill of the account, oldest first, with what its fee and its change of the balance must be,
        and the payouts of settlements.
        """
        fills = self.every(self.portfolio.get_fills, "fills")
        fills.reverse()
        fees, positions, rows = {}, {}, []
        for fill in fills:
            price, count = micros(fill.yes_price_dollars), hundredths(fill.count_fp)
            held = positions.get(fill.ticker, 0)
            revenue, positions[fill.ticker] = traded(held, fill.book_side.value, price, count)
            fee, change = fees.setdefault(fill.order_id, OrderFees()).fill(price, count, fill.is_taker, revenue)
            rows.append((fill, fee, change))
        paid = sum(row.revenue for row in self.every(self.portfolio.get_settlements, "settlements")) * MICROS // 100
        return rows, paid

    def cash_change(self):
        """What fills and settlements did to the cash so far, millionths."""
        rows, paid = self.book_keeping()
        return sum(change for _, _, change in rows) + paid

    def settle_all_but(self, ticker):
        """Waits until no position is left outside `ticker`, so that no payout falls between two readings."""

        def others():
            rows = self.every(self.portfolio.get_positions, "market_positions")
            return [row.ticker for row in rows if row.ticker != ticker and hundredths(row.position_fp)]

        until(lambda: not others(), "positions of past windows settled", 5 + 2000 / self.speed)

    def cash_agrees(self, start):
        """The cash is what `start`, fills and settlements make it, as soon as a payout under way has come."""
        deadline = time.monotonic() + 5
        while True:
            came, expected = self.cash(), start + self.cash_change()
            if came == expected:
                return
            if time.monotonic() > deadline:
                raise Wrong(f"cash: {expected} by fills and settlements, the balance is {came}, {came - expected} apart (millionths)")
            time.sleep(0.1)

    def cash(self):
        """The balance, millionths; the whole cents beside it must be the same money."""
        balance = self.portfolio.get_balance()
        exact = micros(balance.balance_dollars)
        equal(balance.balance, exact // 10_000, "balance in cents beside balance_dollars")
        return exact


def traded(held, side, price, count):
    """What a trade of `count` hundredths at `price` brings, millionths (a buyer pays), and the position after it."""
    if side == "bid":
        closing = min(count, max(-held, 0))
        return ((MICROS - price) * closing - price * (count - closing)) // 100, held + count
    closing = min(count, max(held, 0))
    return (price * closing - (MICROS - price) * (count - closing)) // 100, held - count


def error_code(body):
    """The code of an error body, nested or flat."""
    if isinstance(body, str):
        body = json.loads(body)
    error = body.get("error", body)
    return error.get("code") if isinstance(error, dict) else error


def refused(status, code, call, *arguments, **more):
    """`call` must be refused with this status and this code; gives the body."""
    try:
        answer = call(*arguments, **more)
    except sdk.ApiException as error:
        equal((error.status, error_code(error.body)), (status, code), "refusal")
        return json.loads(error.body)
    raise Wrong(f"refusal {status} {code} expected, got {answer!r}")
