#!/usr/bin/env bash
# Measures what a fleet of 1,000 deployments costs the controller: first plan, a change of one file, a poll without news.
#
#   bash examples/benchmarks/fleet.sh      prints the figures; exits with 1 when a limit is missed; about 5 minutes
#
# HEADGATE_BINARY  the program to measure (default .build/release/headgate)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
headgate=${HEADGATE_BINARY:-$here/../../.build/release/headgate}
[ -x "$headgate" ] || { echo "no program at $headgate: build it first with \`swift build -c release\`" >&2; exit 64; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PYTHONDONTWRITEBYTECODE=1 python3 "$here/measure_fleet.py" "$headgate" "$folder"
