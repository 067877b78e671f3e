#!/usr/bin/env bash
# Measures `headgate server` with one model: memory 10 s after load, and time from start to the first answer.
#
#   bash examples/benchmarks/server.sh     prints the figures; exits with 1 when a limit is missed; about a minute
#
# HEADGATE_BINARY  the program to measure (default .build/release/headgate)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
headgate=${HEADGATE_BINARY:-$here/../../.build/release/headgate}
[ -x "$headgate" ] || { echo "no program at $headgate: build it first with \`swift build -c release\`" >&2; exit 64; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PYTHONDONTWRITEBYTECODE=1 python3 "$here/measure_server.py" "$headgate" "$folder"
