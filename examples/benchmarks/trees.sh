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
compiler=${CC:-cc}
command -v "$compiler" >/dev/null || {
  echo "no C compiler $compiler: install one, on Debian with \`apt-get install gcc libc6-dev\`, or name one in CC" >&2
  exit 64
}
make_trees() {
  "$python" "$here/trees.py" "$models"
  "$compiler" -std=c11 -O2 -shared -fPIC "$here/peer_trees.c" -o "$models/peer_trees.so"
  "$python" "$here/compile_trees.py" "$models" "$compiler"
}

install_peers
make_models make_trees trees.py compile_trees.py peer_trees.c
"$python" "$here/measure_trees.py" "$headgate" "$models" "$@"
