"""A plain WebSocket client of the exchange's stream, made of the standard library alone, and a book built from it.

It keeps every frame, counts sequence numbers, and stops at the first thing the venue may never do.
"""

import base64
import json
import os
import select
import socket
import ssl
import struct
import threading
import time
from urllib.parse import urlparse

from checks import MICROS, Wrong, hundredths, micros

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
#: A heartbeat comes every ten seconds, whatever else does.
SILENCE_S = 40
#: Types whose envelope carries a number that rises by one on its subscription.
NUMBERED = {"orderbook_snapshot", "orderbook_delta", "trade", "market_lifecycle_v2", "event_lifecycle", "cfbenchmarks_value"}


class Refused(Exception):
    """The upgrade was answered with a status of HTTP."""

    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body!r}")
        self.status, self.body = status, body


class Book:
    """One market's resting bids by side, prices in YES scale: {"yes": {price: size}, "no": {price: size}}."""

    def __init__(self):
        self.sides = {"yes": {}, "no": {}}

    def copy(self):
        """The same levels, which no later change reaches."""
        twin = Book()
        twin.sides = {side: dict(levels) for side, levels in self.sides.items()}
        return twin

    def take_snapshot(self, message, use_yes_price):
        """Replaces everything; a side without levels has no key."""
        for side in ("yes", "no"):
            levels = message.get(f"{side}_dollars_fp")
            if levels == []:
                raise Wrong(f"an empty side's key is absent in a snapshot: {message}")
            pairs = [(scaled(price, side, use_yes_price), hundredths(size)) for price, size in levels or []]
            self.sides[side] = dict(pairs)
            if len(self.sides[side]) != len(pairs) or any(size <= 0 for _, size in pairs):
                raise Wrong(f"a level twice or without size in a snapshot: {message}")

    def take_delta(self, message, use_yes_price):
        """Changes one level."""
        price = scaled(message["price_dollars"], message["side"], use_yes_price)
        levels = self.sides[message["side"]]
        size = levels.get(price, 0) + hundredths(message["delta_fp"])
        if size < 0:
            raise Wrong(f"a level below nothing: {message}")
        if size:
            levels[price] = size
        else:
            levels.pop(price, None)

    @staticmethod
    def of_rest(body):
        """The book as REST has it: NO in NO prices, both sides ascending, the best last."""
        book = Book()
        for side in ("yes", "no"):
            rows = body[f"{side}_dollars"]
            prices = [micros(price) for price, _ in rows]
            if prices != sorted(set(prices)):
                raise Wrong(f"{side} levels are not ascending: {rows}")
            book.sides[side] = {scaled(price, side, False): hundredths(size) for price, size in rows}
        return book

    def best_ask(self):
        """The lowest YES price somebody sells at, and its size; None without one."""
        levels = self.sides["no"]
        return min(levels.items()) if levels else None

    def best_bid(self):
        """The highest YES price somebody buys at, and its size; None without one."""
        levels = self.sides["yes"]
        return max(levels.items()) if levels else None


def scaled(price, side, use_yes_price):
    """A price of the wire in YES scale, in millionths."""
    price = micros(price)
    return MICROS - price if side == "no" and not use_yes_price else price


class Stream:
    """One connection, read by a thread of its own until `close`."""

    def __init__(self, url, ca_path, headers, use_yes_price=True):
        self.use_yes_price = use_yes_price
        self.frames = []
        self.books = {}
        self.fault = None
        self.pings = 0
        self._book_sid = None
        self._by_type, self._own, self._before = {}, {}, {}
        self._numbers = {}
        self._commands = 0
        self._changed = threading.Condition()
        self._io = threading.Lock()
        self._unread = b""
        self._socket = _upgraded(url, ca_path, headers)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self):
        """Says goodbye and waits for the reader."""
        try:
            self._send(CLOSE, struct.pack(">H", 1000))
        except OSError:
            pass
        self._reader.join(5)
        self._socket.close()

    def command(self, cmd, **params):
        """Sends a command; gives its number."""
        self._commands += 1
        text = json.dumps({"id": self._commands, "cmd": cmd, "params": params})
        self._send(TEXT, text.encode())
        return self._commands

    def subscribe(self, *channels, **params):
        """Subscribes and waits for one `subscribed` a channel; gives sids by channel."""
        number = self.command("subscribe", channels=list(channels), **params)
        answers = lambda: [f for f in self.frames if f.get("id") == number]  # noqa: E731
        self.wait(lambda: len(answers()) >= len(channels), f"one answer a channel of {channels}")
        sids = {}
        for answer in answers():
            if answer["type"] != "subscribed":
                raise Wrong(f"subscribe {channels}: {answer}")
            sids[answer["msg"]["channel"]] = answer["msg"]["sid"]
        if set(sids) != set(channels) or len(set(sids.values())) != len(channels):
            raise Wrong(f"subscribe {channels}: sids {sids}")
        return sids

    def wait(self, fact, what, patience_s=15.0):
        """Blocks until `fact()` is true on what was heard, and gives it."""
        deadline = time.monotonic() + patience_s
        with self._changed:
            while True:
                if self.fault:
                    raise Wrong(f"the stream broke: {self.fault}")
                answer = fact()
                if answer:
                    return answer
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Wrong(f"{what}: not within {patience_s} s on the stream")
                self._changed.wait(min(left, 0.5))

    def watch(self, ticker):
        """Subscribes to a market's book, as an addition where there is a subscription, and waits for it."""
        if ticker not in self.books:
            if self._book_sid is None:
                sids = self.subscribe("orderbook_delta", market_tickers=[ticker], use_yes_price=self.use_yes_price)
                self._book_sid = sids["orderbook_delta"]
            else:
                self.command("update_subscription", sids=[self._book_sid], action="add_markets", market_tickers=[ticker])
            self.wait(lambda: ticker in self.books, f"a snapshot of {ticker}")

    def messages(self, kind):
        """Contents of the frames of a type, in order."""
        return self._by_type.get(kind, [])

    def own_deltas(self, client_id):
        """Changes of books that name an order of ours."""
        return self._own.get(client_id, [])

    def book_before(self, client_id):
        """The book just before an order of ours first changed it."""
        return self._before[client_id]

    def answer(self, number):
        """Waits for the first frame that answers a command."""
        return self.wait(lambda: next((f for f in self.frames if f.get("id") == number), None), f"an answer to {number}")

    def mark(self, ticker):
        """The book as it is and the number of frames heard, of one instant."""
        with self._changed:
            return self.books[ticker].copy(), len(self.frames)

    def passes_through(self, ticker, mark, rest, patience_s=5.0):
        """Whether the book, from `mark` on, is `rest` at some time: frames arrive behind the reply, never ahead of it."""
        book, place = mark[0].copy(), mark[1]
        deadline = time.monotonic() + patience_s
        while book.sides != rest.sides:
            with self._changed:
                while place >= len(self.frames):
                    if self.fault:
                        raise Wrong(f"the stream broke: {self.fault}")
                    if time.monotonic() > deadline:
                        return False
                    self._changed.wait(0.1)
                frame = self.frames[place]
            place += 1
            self._apply(book, frame, ticker)
        return True

    def _apply(self, book, frame, ticker):
        kind, message = frame.get("type"), frame.get("msg")
        if kind not in ("orderbook_snapshot", "orderbook_delta") or message["market_ticker"] != ticker:
            return
        if kind == "orderbook_snapshot":
            book.take_snapshot(message, self.use_yes_price)
        else:
            book.take_delta(message, self.use_yes_price)

    def _hear(self, text):
        if not text.endswith(b"\n"):
            raise Wrong(f"a frame without the newline at its end: {text[-40:]!r}")
        frame = json.loads(text)
        kind, sid = frame["type"], frame.get("sid")
        if kind in NUMBERED and "seq" not in frame:
            raise Wrong(f"no seq: {frame}")
        if sid is not None and "seq" in frame:
            expected = self._numbers.get(sid, 0) + 1
            if frame["seq"] != expected:
                raise Wrong(f"sid {sid}: seq {expected} expected, {frame['seq']} came: {frame}")
            self._numbers[sid] = frame["seq"]
        if kind == "orderbook_delta" and frame["msg"]["market_ticker"] not in self.books:
            raise Wrong(f"a delta before the snapshot: {frame}")
        if kind in ("orderbook_snapshot", "orderbook_delta"):
            ticker, client_id = frame["msg"]["market_ticker"], frame["msg"].get("client_order_id")
            if client_id is not None:
                self._own.setdefault(client_id, []).append(frame["msg"])
                if client_id not in self._before:
                    self._before[client_id] = self.books[ticker].copy()
            self._apply(self.books.setdefault(ticker, Book()), frame, ticker)
        self.frames.append(frame)
        self._by_type.setdefault(kind, []).append(frame.get("msg"))

    def _read(self):
        try:
            while True:
                opcode, payload = self._receive()
                if opcode == PING:
                    self.pings += payload == b"heartbeat"
                    self._send(PONG, payload)
                elif opcode == CLOSE:
                    return
                elif opcode == TEXT:
                    with self._changed:
                        self._hear(payload)
                        self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            with self._changed:
                self.fault = f"{type(error).__name__}: {error}"
                self._changed.notify_all()

    def _receive(self):
        payload, first = b"", None
        while True:
            head = self._exactly(2)
            opcode, length = head[0] & 0x0F, head[1] & 0x7F
            if head[1] & 0x80:
                raise Wrong("a server masks nothing")
            if head[0] & 0x70:
                raise Wrong("an extension nobody asked for")
            if length == 126:
                (length,) = struct.unpack(">H", self._exactly(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._exactly(8))
            first = opcode if first is None else first
            payload += self._exactly(length)
            if head[0] & 0x80:
                return first, payload

    def _exactly(self, count):
        while len(self._unread) < count:
            self._unread += self._more()
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    def _more(self):
        """Waits outside the lock: OpenSSL allows no read and write of one connection at a time."""
        while True:
            with self._io:
                try:
                    part = self._socket.recv(1 << 16)
                except ssl.SSLWantReadError:
                    part = None
            if part == b"":
                raise Wrong("the connection ended without a close")
            if part:
                return part
            if not select.select([self._socket], [], [], SILENCE_S)[0]:
                raise Wrong(f"nothing came for {SILENCE_S} s, not even a heartbeat")

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        length = len(payload)
        head = bytes([0x80 | opcode]) + (
            bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack(">H", length)
        )
        frame = head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        with self._io:
            self._socket.sendall(frame)


def _upgraded(url, ca_path, headers):
    parts = urlparse(url)
    plain = socket.create_connection((parts.hostname, parts.port), timeout=10)
    wrapped = ssl.create_default_context(cafile=ca_path).wrap_socket(plain, server_hostname=parts.hostname)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.hostname}:{parts.port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"] + [f"{name}: {value}" for name, value in headers.items()]
    wrapped.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = wrapped.recv(1)
        if not byte:
            raise Wrong(f"no answer to the upgrade: {head!r}")
        head += byte
    status = int(head.split(b" ", 2)[1])
    if status != 101:
        length = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        body = wrapped.recv(length[0]) if length and length[0] else b""
        wrapped.close()
        raise Refused(status, body)
    wrapped.settimeout(0)
    return wrapped
