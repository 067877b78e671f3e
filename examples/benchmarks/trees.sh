#!/usr/bin/env bash
# Measures ensembles of trees beside LightGBM, XGBoost, ONNX Runtime, lleaves, tl2cgen and Treelite, all in turns on one
# thread and through their C entry points, and what loading takes. Outputs are compared before times are taken.
#
#   bash examples/benchmarks/trees.sh [OPTIONS]     prints times and ratios and draws them; about fifteen minutes, and
#                                                   as long once for training and for compiling with lleaves and tl2cgen
#
# Options are those of measure_trees.py: --rounds N, --seconds S for each turn, --only ENSEMBLE.
#
# HEADGATE_BINARY  the program to measure (default .build/release/headgate)
# HEADGATE_BENCH   where the peers and the ensembles go, 1 GB (default .build-bench beside the sources)
# CC               the C compiler, for tl2cgen too (default cc)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/peers.sh"

install_peers
make_trees
"$python" "$here/measure_trees.py" "$headgate" "$models" "$@"
