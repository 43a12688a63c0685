#!/usr/bin/env bash
# Whole days: generated and from recorded candles, replayed, audited, and the same bits in debug and
# release. Arguments: work folder, market data folder.
set -euo pipefail
work=$1 data=$2
[ -d "$data/raw_binance_vision_samples" ] || { echo "no market data in $data"; exit 1; }
cargo build --locked
bin=target/debug/kalshi-trader
# Whole-program optimisation only costs time here: bits must not depend on it.
cargo build --locked --release --config 'profile.release.lto=false' --config 'profile.release.codegen-units=16'

field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }
day() { # NAME BINARY ARGUMENTS...: one day into $work/NAME, its report into $work/NAME.json
  local name=$1 binary=$2
  shift 2
  "$binary" run --mode sim --lockstep --day --seed 7 --data-dir "$work/$name" --json "$@" >"$work/$name.json" 2>/dev/null
  echo "$name: $(cat "$work/$name.json")"
}

candles=("$data"/raw_binance_vision_samples/BTCUSDT-1m-2025-08-1[234].csv)
day generated "$bin"
day candles "$bin" --candles "${candles[@]}"
day easy "$bin" --candles "${candles[@]}" --market easy
day hard "$bin" --candles "${candles[@]}" --market hard
day easy-generated "$bin" --market easy
day released target/release/kalshi-trader

for name in generated candles easy hard easy-generated; do
  # 96 quarter hours and the hourly ladders whose whole life is inside the day: 23 or 24.
  settled=$(field windows_settled <"$work/$name.json") evaluated=$(field evaluations <"$work/$name.json")
  [ "$settled" = "$evaluated" ] && [ "$settled" -ge 119 ] || { echo "$name: $settled closes, $evaluated evaluations"; exit 1; }
  [ "$(field wall_ms <"$work/$name.json")" -lt 6000 ] || { echo "$name: a day must take less than 6 s"; exit 1; }
  "$bin" replay "$work/$name" --verify
  "$bin" journal verify "$work/$name"
  "$bin" journal audit "$work/$name" --ledger "$work/$name/ledger.jsonl"
done
[ "$(field state_hash <"$work/generated.json")" = "$(field state_hash <"$work/released.json")" ] || { echo "debug and release differ"; exit 1; }
[ "$(field orders_filled <"$work/easy.json")" -gt "$(field orders_filled <"$work/hard.json")" ] || { echo "easy is no easier than hard"; exit 1; }
[ "$(field orders_filled <"$work/easy-generated.json")" -gt 0 ] || { echo "nothing was filled on the easy market"; exit 1; }
if "$bin" replay "$work/generated" --verify --set volatility.b10=0.475 2>/dev/null; then echo "an altered coefficient went unnoticed"; exit 1; fi
