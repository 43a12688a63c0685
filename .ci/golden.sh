#!/usr/bin/env bash
# The built program's `calc` against every oracle file it has a verb for, and `evaluate`'s frozen rows
# against the study's numbers on the candles in DATA_DIR.
#   DATA_DIR=… .ci/golden.sh GOLDEN_DIR
set -euo pipefail
golden=$(cd "${1:?usage: .ci/golden.sh GOLDEN_DIR}" && pwd)
cd "$(dirname "$0")/.."
GOLDEN_DIR="$golden" cargo test --locked --test conformance
