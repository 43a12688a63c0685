#!/usr/bin/env bash
# Measures a build of a fresh clone (the crates fetched, nothing compiled) and states it in README.md.
# Run it on a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT
cargo fetch --locked
started=$SECONDS
CARGO_INCREMENTAL=0 cargo build --locked --target-dir "$target"
took=$((SECONDS - started))
cores=$(getconf _NPROCESSORS_ONLN)
stated=$(printf '%d min %02d s on %d cores' $((took / 60)) $((took % 60)) "$cores")
mark='<!--build-time-->' end='<!--\/build-time-->'
grep -q "$mark.*$end" README.md || { echo "README.md has no place for the build time"; exit 1; }
sed "s/$mark.*$end/$mark$stated$end/" README.md >"$target/README.md"
cp "$target/README.md" README.md
echo "a cold build takes $stated"
