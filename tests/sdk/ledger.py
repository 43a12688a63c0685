"""Compares the exchange's ledger with what the judges did: `ledger.py LEDGER RECORD...`, the last record being
the last judge's. Every order is in it, every fill and no other, and the cash is the same to the cent and below.
"""

import json
import sys

from checks import Checks, OrderFees, equal, hundredths, micros
from session import traded


def main(ledger_path, *record_paths):
    """Gives the exit code."""
    with open(ledger_path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    records = []
    for path in record_paths:
        with open(path, encoding="utf-8") as file:
            records.append(json.load(file))
    of_kind = lambda kind: [row for row in rows if row["kind"] == kind]  # noqa: E731
    checks = Checks()
    with checks.check("ledger: it says that it is a simulation's"):
        equal((rows[0]["kind"], rows[0]["evidence"]), ("start", False), "first line")
        equal(rows[-1]["kind"], "end", "last line")
    with checks.check("ledger: the judges' fills and no others"):
        equal(sorted(row["trade_id"] for row in of_kind("fill")), sorted(records[-1]["trades"]), "trades")
    with checks.check("ledger: every order is a judge's"):
        asked = {client_id for record in records for client_id in record["client_order_ids"]}
        strangers = {row["client_order_id"] for row in of_kind("order")} - asked
        equal(strangers, set(), "strangers")
    with checks.check("ledger: fees by the formula, balances by the fills, cash to the end"):
        cash, held, fees = micros(rows[0]["cash"]), {}, {}
        for row in of_kind("fill"):
            price, count = micros(row["price"]), hundredths(row["count"])
            revenue, held[row["ticker"]] = traded(held.get(row["ticker"], 0), row["side"], price, count)
            fee, change = fees.setdefault(row["order_id"], OrderFees()).fill(price, count, row["is_taker"], revenue)
            equal((micros(row["fee"]), micros(row["balance_change"])), (fee, change), f"fill {row}")
            cash += change
        cash += sum(micros(row["payout"]) for row in of_kind("settlement"))
        equal(micros(rows[-1]["cash"]), cash, "cash by the rows")
        equal(records[-1]["cash_micros"], cash, "cash the last judge saw")
        equal(rows[-1]["open_positions"], 0, "open positions")
    return checks.verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
