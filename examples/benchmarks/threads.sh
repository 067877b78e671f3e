#!/usr/bin/env bash
# Measures what threads gain: the wall time of networks and of ensembles of trees on one thread and on all, and how many
# rows in a second more callers get than there are processors, each of which may use all threads or only one.
#
#   bash examples/benchmarks/threads.sh [OPTIONS]     prints times and ratios; about ten minutes, after the models of
#                                                     networks.sh and trees.sh are made
#
# Options are those of measure_threads.py: --rounds N, --seconds S for each turn, --only MODEL, --threads N.
#
# HEADGATE_BINARY  the program to measure (default .build/release/headgate)
# HEADGATE_BENCH   where the models go (default .build-bench beside the sources)
# CC               the C compiler, for what trees.sh makes (default cc)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/peers.sh"

install_peers
make_networks
networks=$models
make_trees
"$python" "$here/measure_threads.py" "$headgate" "$networks" --trees "$models" "$@"
