#!/usr/bin/env bash
# Measures networks beside ONNX Runtime and OpenVINO, all in turns on one thread: an MLP, a LeNet, a ResNet-18, a mobile
# net, an LSTM and MiniLM. Outputs are compared before times are taken.
#
#   bash examples/benchmarks/networks.sh [OPTIONS]     prints times and ratios and draws them; about ten minutes
#
# Options are those of measure_networks.py: --rounds N, --seconds S for each turn, --only NETWORK. With --precision
# bfloat16 Headgate and OpenVINO compute in it, and how far each is from float32 is printed beside the times.
#
# HEADGATE_BINARY  the program to measure (default .build/release/headgate)
# HEADGATE_BENCH   where the peers and the networks go, 1 GB (default .build-bench beside the sources)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/peers.sh"

install_peers
make_networks
"$python" "$here/measure_networks.py" "$headgate" "$models" "$@"
