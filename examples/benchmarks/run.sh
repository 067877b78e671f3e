#!/usr/bin/env bash
# Measures networks and ensembles of trees beside their peers; see networks.sh and trees.sh for what is measured and for
# the variables that both read.
#
#   bash examples/benchmarks/run.sh [--rounds N] [--seconds S] [--only NAME]     about half an hour
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bash "$here/networks.sh" "$@"
echo
bash "$here/trees.sh" "$@"
