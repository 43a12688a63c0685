"""Judges the mock exchange with the official Python SDK: `judge.py DESCRIPTION RECORD`.

DESCRIPTION is the file with the line that `exchange` prints; RECORD is written for whoever compares
the exchange's ledger with what was done. Python 3.13 or later, kalshi_python_sync 3.34.
"""

import json
import sys

from checks import Checks
from live import judge_live, judge_stream_end, judge_window, open_stream
from making import judge_making
from markets import judge_markets
from session import Session
from trading import judge_keys, judge_trading


def main(description_path, record_path):
    """Runs everything with both kinds of key; gives the exit code."""
    with open(description_path, encoding="utf-8") as file:
        description = json.loads(file.readline())
    checks = Checks()
    rsa = Session(description, "rsa", description["key_id"], description["key_path"])
    ed25519 = Session(description, "ed25519", description["ed25519_key_id"], description["ed25519_key_path"])
    stream = open_stream(rsa)
    start = rsa.cash() - rsa.cash_change()
    judge_markets(checks, rsa)
    judge_live(checks, rsa, stream)
    for session in (rsa, ed25519):
        judge_keys(checks, session)
        judge_trading(checks, session, stream)
        judge_making(checks, session, stream, start)
    judge_window(checks, ed25519, stream, start)
    judge_stream_end(checks, rsa, stream)
    stream.close()
    record = {
        "client_order_ids": rsa.client_ids + ed25519.client_ids,
        "trades": [fill.trade_id for fill, _, _ in rsa.book_keeping()[0]],
        "cash_micros": rsa.cash(),
    }
    with open(record_path, "w", encoding="utf-8") as file:
        json.dump(record, file)
    return checks.verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
