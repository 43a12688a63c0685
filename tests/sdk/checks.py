"""What a judge says: one line a check, `ok NAME`, and a count at the end.

A check that fails says what was expected and what came, and the others still run: one run shows
everything that is wrong. Money is a whole number of millionths of a dollar, counts are hundredths.
"""

import time
import traceback
from contextlib import contextmanager
from decimal import Decimal
from math import floor
from pathlib import Path

MICROS = 1_000_000
#: Characters of a failure that are shown.
TEXT_MAX = 1_000
#: How long a fact may take to appear, in seconds.
PATIENCE_S = 15.0


class Wrong(Exception):
    """The exchange said something else than it must."""


class Checks:
    """Counts what held and what did not."""

    def __init__(self):
        self.passed = 0
        self.failed = []

    @contextmanager
    def check(self, name):
        """The block must run to its end."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever went wrong is this check's failure
            self.failed.append(name)
            print(f"FAILED {name}: {describe(error)}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}", flush=True)

    def verdict(self):
        """Prints the count; gives the exit code."""
        print(f"{self.passed} checks held, {len(self.failed)} failed", flush=True)
        for name in self.failed:
            print(f"  failed: {name}")
        return 1 if self.failed or self.passed == 0 else 0


def describe(error):
    """What happened and where in the judge's own files; an answer of the exchange with its status and body."""
    here = Path(__file__).parent
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent == here]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames) if f.name != "check")
    if isinstance(error, Wrong):
        what = str(error)
    elif hasattr(error, "status"):
        what = f"HTTP {error.status} {error.body}"
    elif hasattr(error, "errors"):
        members = [f"{'.'.join(map(str, e['loc']))} ({e['type']})" for e in error.errors()]
        what = f"{error.title} is not what the SDK's model asks for: {', '.join(members)}"
    else:
        what = f"{type(error).__name__}: {error}"
    return f"{what[:TEXT_MAX]}\n    at {where}"


def equal(came, expected, what):
    """`came` must be `expected`."""
    if came != expected:
        raise Wrong(f"{what}: expected {expected!r}, got {came!r}")


def holds(fact, what):
    """`fact` must be true; `what` says what was found instead."""
    if not fact:
        raise Wrong(what)


def until(probe, what, patience_s=PATIENCE_S):
    """Asks `probe` until it gives something true and returns that; its last answer is in the failure."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Wrong(f"{what}: not within {patience_s} s, the last answer was {answer!r}")
        time.sleep(0.02)


def micros(text):
    """A decimal string of dollars in millionths; no rounding is accepted."""
    if not isinstance(text, str):
        raise Wrong(f"money must be a string, got {text!r}")
    value = Decimal(text) * MICROS
    if value != value.to_integral_value():
        raise Wrong(f"money finer than $0.000001: {text!r}")
    return int(value)


def hundredths(text):
    """A decimal string of contracts in hundredths."""
    if not isinstance(text, str):
        raise Wrong(f"a count must be a string, got {text!r}")
    value = Decimal(text) * 100
    if value != value.to_integral_value():
        raise Wrong(f"a count finer than 0.01: {text!r}")
    return int(value)


class OrderFees:
    """Fees of one order, fill by fill (fee rounding of 2026-08-26): the model fee rounded up to
    $0.000001, the balance aligned down to `precision`, and what that took given back in whole steps.
    """

    TAKER = 7  # of 100
    PRECISION = 100  # $0.0001, a direct member's

    def __init__(self, precision=PRECISION):
        self.precision = precision
        self.owed = 0

    def fill(self, price, count, is_taker, revenue):
        """`price` of the YES side in millionths, `count` in hundredths, `revenue` of the fill in millionths
        (negative: paid). Gives the net fee and the change of the balance.
        """
        model = self.TAKER * count * price * (MICROS - price) if is_taker else 0
        trade_fee = -(-model // (100 * 100 * MICROS))
        before = revenue - trade_fee
        aligned = floor(Decimal(before) / self.precision) * self.precision
        self.owed += before - aligned
        rebate = min(self.owed, revenue - aligned) // self.precision * self.precision
        self.owed -= rebate
        change = aligned + rebate
        return revenue - change, change
