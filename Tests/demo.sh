#!/usr/bin/env bash
# Plays the quickstart's story as a newcomer would: from a fresh clone, with an empty environment and a new home. Then takes
# away one protection after the other and expects the demo to notice.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/headgate-newcomer.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0

newcomer() {
  env -i HOME="$work/home" PATH="$PATH" LANG=C.UTF-8 TMPDIR="$work" HEADGATE_PORT="${HEADGATE_PORT:-18080}" "$@"
}

mkdir -p "$work/home"
git clone -q "$root" "$work/clone"
began=$SECONDS
newcomer HEADGATE_DEMO_HOME="$work/demo" bash "$work/clone/examples/quickstart.sh" --demo
printf 'the demo from a fresh clone: %s s\n' $((SECONDS - began))
passed=$((passed + 1))

# The Python environment and the built models are kept, so that only the story itself is played again.
binary=$work/clone/.build/release/headgate
for lifted in fairness:'3. A model that leans' latency:'4. A model that is too slow' revert:'4. A model that is too slow'; do
  protection=${lifted%%:*} part=${lifted#*:} home=$work/without-${lifted%%:*}
  mkdir -p "$home/state/builds"
  cp -r "$work/demo/state/builds/python" "$home/state/builds/python"
  if newcomer HEADGATE_DEMO_HOME="$home" HEADGATE_BINARY="$binary" HEADGATE_LIFT="$protection" \
    bash "$work/clone/examples/quickstart.sh" --demo >"$work/log" 2>&1; then
    cat "$work/log"
    echo "without the $protection protection the demo still passed" >&2
    exit 1
  fi
  grep -q "failed in part: $part" "$work/log" || { cat "$work/log"; echo "the demo failed in another part" >&2; exit 1; }
  printf 'without the %s protection the demo fails: %s\n' "$protection" "$(grep 'failed in part' "$work/log")"
  passed=$((passed + 1))
done
printf '%s passed, 0 failed\n' "$passed"
