#!/usr/bin/env bash
# Measures what README.md states of a machine: a cold build of a fresh clone (the crates fetched, nothing compiled),
# and the processor share and memory of a simulation at market speed 1, with its exchange in the same process.
#   bash .ci/figures.sh [MINUTES]      30 if not given; BINARY=path measures that program and builds nothing
# Run it on a machine that does nothing else. Needs Linux and GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-30}
cores=$(getconf _NPROCESSORS_ONLN)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# state MARK TEXT: puts TEXT between <!--MARK--> and <!--/MARK--> in README.md.
state() {
  local mark="<!--$1-->" end="<!--/$1-->" text
  text=$(<README.md)
  case $text in *"$mark"*"$end"*) ;; *) echo "README.md has no place for $1"; exit 1 ;; esac
  printf '%s\n' "${text%%"$mark"*}$mark$2$end${text#*"$end"}" >README.md
}

if [ -z "${BINARY:-}" ]; then
  cargo fetch --locked
  started=$SECONDS
  CARGO_INCREMENTAL=0 cargo build --locked --target-dir "$work/target"
  took=$((SECONDS - started))
  built=$(printf '%d min %02d s on %d cores' $((took / 60)) $((took % 60)) "$cores")
  state build-time "$built"
  echo "a cold build takes $built"
  BINARY=$work/target/debug/kalshi-trader
fi

# Market time passes as the wall's: so many quarter hours outlast the measurement.
/usr/bin/time -v -o "$work/time" "$BINARY" run --mode sim --speed 1 --windows $((minutes / 15 + 2)) \
  --data-dir "$work/run" --json >"$work/report" 2>"$work/talk" &
timer=$!
until trader=$(pgrep -P "$timer"); do sleep 0.1; done
began=$SECONDS

# One line: minute, processor share of one core since the start, resident memory of its own and of mapped segments.
sample() {
  local ticks own mapped
  ticks=$(awk '{ print $14 + $15 }' "/proc/$trader/stat")
  own=$(awk '/^RssAnon/ { printf "%.0f", $2 / 1024 }' "/proc/$trader/status")
  mapped=$(awk '/^Rss(File|Shmem)/ { sum += $2 } END { printf "%.0f", sum / 1024 }' "/proc/$trader/status")
  awk -v minute="$1" -v ticks="$ticks" -v hz="$(getconf CLK_TCK)" -v s=$((SECONDS - began)) -v own="$own" -v mapped="$mapped" \
    'BEGIN { printf "| %s min | %.1f %% | %s MiB | %s MiB |\n", minute, 100 * ticks / hz / s, own, mapped }'
}
{
  echo "| after | of one core | memory | mapped journal and program |"
  echo "|---|---|---|---|"
  for minute in 1 3 10 30; do
    [ "$minute" -le "$minutes" ] || break
    until [ $((SECONDS - began)) -ge $((minute * 60)) ]; do sleep 1; done
    sample "$minute"
  done
} | tee "$work/table"
kill -INT "$trader"
wait "$timer" || true
awk -F': ' '/Percent of CPU|Maximum resident|context switches/ { gsub(/^[ \t]+/, ""); print }' "$work/time"
state figures "
$(cat "$work/table")
"
echo "stated in README.md"
