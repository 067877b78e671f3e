#!/usr/bin/env bash
# Builds the inference half with coverage for libFuzzer and runs every target on the corpus for a number of executions.
#
#   bash Tests/fuzz/run.sh                       every target, HEADGATE_SCALE_FUZZ_RUNS executions each
#   bash Tests/fuzz/run.sh model image           these targets
#   HEADGATE_FUZZ_SANITIZER=address bash …       with AddressSanitizer, in a build of its own
#   HEADGATE_FUZZ_SEEDS=DIR bash …               with more seeds: a folder DIR/<target> for a target
#
# What is found lies in .build-fuzz/findings/<target>; a mended finding goes into Tests/fuzz/corpus/<target>.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=../scale
source Tests/scale
sanitizer=${HEADGATE_FUZZ_SANITIZER:-}
scratch=$PWD/.build-fuzz${sanitizer:+-$sanitizer}
work=$PWD/.build-fuzz
fuzzer=$scratch/fuzzer
targets=("$@")
[ $# -gt 0 ] || targets=(onnx model inspection values xgboost ubjson lightgbm safetensors arrays deflate pattern image numbers)

# Calls the compiler itself: SwiftPM has no kind of target for this, and would build everything again for other flags.
# A module is compiled again when its sources change, or those of a module before it.
build() {
  local options=(-sanitize=fuzzer) c_options=() source module stamp=
  if [ -n "$sanitizer" ]; then
    options=("-sanitize=fuzzer,$sanitizer")
    c_options=("-fsanitize=$sanitizer")
  fi
  mkdir -p "$scratch/kernels"
  rm -f "$scratch"/kernels/*.o
  printf 'module HeadgateKernels {\n  umbrella "%s"\n  export *\n}\n' "$PWD/Sources/HeadgateKernels/include" \
    >"$scratch/kernels/module.modulemap"
  for source in Sources/HeadgateKernels/*.c; do
    clang -O2 -g -Wno-psabi "${c_options[@]}" -ISources/HeadgateKernels/include -c "$source" \
      -o "$scratch/kernels/$(basename "$source").o"
  done
  options+=(-O -whole-module-optimization -num-threads 2 -parse-as-library -enable-testing -swift-version 6
    -package-name headgate -I "$scratch" -I "$PWD/Tests/fuzz/include"
    -Xcc "-fmodule-map-file=$scratch/kernels/module.modulemap")
  for module in HeadgateArchives HeadgateTensors HeadgateOperators HeadgateRuntime Fuzzing; do
    local folder=$PWD/Sources/$module
    [ "$module" = Fuzzing ] && folder=$PWD/Tests/fuzz
    stamp=$( (echo "$stamp" "${options[@]}"; find "$folder" Sources/HeadgateKernels -name '*.swift' -o -name '*.h' |
      LC_ALL=C sort | xargs cat) | sha256sum)
    if [ "$(cat "$scratch/$module/stamp" 2>/dev/null)" = "$stamp" ]; then continue; fi
    rm -rf "${scratch:?}/$module"
    mkdir -p "$scratch/$module"
    # With several threads there is an object for each file, in the folder that the compiler stands in.
    find "$folder" -name '*.swift' -print0 | LC_ALL=C sort -z | (
      cd "$scratch/$module"
      xargs -0 swiftc "${options[@]}" -module-name "$module" -emit-module -emit-module-path "../$module.swiftmodule" -c
    )
    echo "$stamp" >"$scratch/$module/stamp"
  done
  swiftc "${options[0]}" "$scratch"/*/*.o -o "$fuzzer"
}

# The longest input that a target is given.
limit() {
  case $1 in
  pattern | numbers | deflate) echo 256 ;;
  values | safetensors | arrays) echo 1024 ;;
  *) echo 4096 ;;
  esac
}

fuzz() {
  local target=$1 runs=$HEADGATE_SCALE_FUZZ_RUNS log=$work/logs/$1.txt seeds=()
  local grown=$work/corpus/$target findings=$work/findings/$target
  local group=$target
  case $target in onnx | inspection) group=model ;; esac
  seeds+=("Tests/fuzz/corpus/$group")
  [ -d "${seeds[0]}" ] || { echo "fuzz $target: no such target, or no ${seeds[0]}" >&2; return 1; }
  mkdir -p "$grown" "$findings" "$work/logs"
  [ -d "${HEADGATE_FUZZ_SEEDS:-/nonexistent}/$group" ] && seeds+=("$HEADGATE_FUZZ_SEEDS/$group")
  local dictionary=Tests/fuzz/dictionaries/$group.txt
  local options=(-runs="$runs" -max_total_time="$HEADGATE_SCALE_FUZZ_SECONDS" -max_len="$(limit "$target")" -timeout=20
    -rss_limit_mb=2048 -malloc_limit_mb=512 -artifact_prefix="$findings/" -print_final_stats=1 -verbosity=1)
  [ -e "$dictionary" ] && options+=(-dict="$dictionary")
  # Swift's own handler of crashes would end the program before libFuzzer has written the input.
  local status=0
  (
    # A quarter of the usual stack: recursion must be bounded well before the stack of any thread ends.
    [ -n "$sanitizer" ] || ulimit -s 2048
    SWIFT_BACKTRACE=enable=no HEADGATE_FUZZ_TARGET=$target nice "$fuzzer" "${options[@]}" "$grown" "${seeds[@]}"
  ) >"$log" 2>&1 || status=$?
  local executions corpus
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
  corpus=$(grep -E '^#[0-9]+' "$log" | tail -1 | sed -nE 's/.*cov: ([0-9]+).*corp: ([0-9]+).*/\1 edges, \2 inputs/p')
  printf 'fuzz %s: %s executions, %s\n' "$target" "${executions:-0}" "${corpus:-nothing run}"
  if [ $status -ne 0 ]; then
    grep -E 'ERROR|SUMMARY|Test unit written|Fatal' "$log" >&2 || tail -20 "$log" >&2
    echo "fuzz $target: failed, see $log and $findings" >&2
  fi
  return $status
}

build
failed=()
for target in "${targets[@]}"; do fuzz "$target" || failed+=("$target"); done
[ ${#failed[@]} -eq 0 ] || { echo "fuzzing found failures: ${failed[*]}" >&2; exit 1; }
