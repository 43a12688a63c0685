#!/usr/bin/env bash
# The official SDKs, Python and TypeScript, against the exchange as a real process; then its ledger against
# what they did. Argument: work folder. Needs Python 3.13 (PYTHON313 names one), node and npm; both SDKs are
# installed into the work folder.
set -euo pipefail
work=$1/sdk
speed=${SDK_SPEED:-60}
mkdir -p "$work"

# A shim of a version manager may be on the PATH without a Python behind it: ask each for its version.
python=
for candidate in ${PYTHON313:-} python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python3.13 /usr/bin/python3.13 python3 python3.14; do
  if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; then python=$candidate && break; fi
done
[ -n "$python" ] || { echo "no Python 3.13 or later: set PYTHON313 to one (kalshi_python_sync needs it)"; exit 1; }
command -v npm >/dev/null || { echo "no npm: install node (kalshi-typescript needs it)"; exit 1; }

install_python() {
  [ -x "$work/venv/bin/python" ] || "$python" -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'kalshi_python_sync==3.34.*'
}
install_node() { npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work/node" kalshi-typescript@3.30 >/dev/null; }

install_python &
python_pid=$!
install_node &
node_pid=$!
cargo build --locked
wait "$python_pid" || { echo "the Python SDK could not be installed"; exit 1; }
wait "$node_pid" || { echo "the TypeScript SDK could not be installed"; exit 1; }

data=$work/exchange
rm -rf "$data"
"${CARGO_TARGET_DIR:-target}/debug/kalshi-trader" exchange --dir "$data" --speed "$speed" --seed 7 >"$work/line" 2>"$work/log" &
exchange=$!
trap 'kill "$exchange" 2>/dev/null || true' EXIT
for _ in $(seq 200); do
  [ -s "$work/line" ] && break
  kill -0 "$exchange" 2>/dev/null || { echo "the exchange ended:"; cat "$work/log"; exit 1; }
  sleep 0.1
done
[ -s "$work/line" ] || { echo "the exchange says nothing:"; cat "$work/log"; exit 1; }

status=0
export PYTHONDONTWRITEBYTECODE=1
"$work/venv/bin/python" tests/sdk/judge.py "$work/line" "$work/python.json" || status=1
ca=$(sed -n 's/.*"ca_path":"\([^"]*\)".*/\1/p' "$work/line")
NODE_EXTRA_CA_CERTS="$ca" JUDGE_MODULES="$work/node" node tests/sdk/judge.mjs "$work/line" "$work/node.json" || status=1

kill -TERM "$exchange"
wait "$exchange" || { echo "the exchange ended with an error:"; cat "$work/log"; status=1; }
trap - EXIT
"$work/venv/bin/python" tests/sdk/ledger.py "$data/ledger.jsonl" "$work/python.json" "$work/node.json" || status=1
exit "$status"
