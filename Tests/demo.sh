#!/usr/bin/env bash
# Plays the quickstart's story as a newcomer would: from a fresh clone, with an empty environment and a new home. Then takes
# away one protection after the other and expects the demo to notice.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/headgate-newcomer.XXXXXX")
home=$work/demo
passed=0
free='import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
port=${HEADGATE_PORT:-$(python3 -c "$free")}

# Nothing is kept of the folder, so what explains a failure is printed.
finish() {
  local code=$? file
  if [ $code -ne 0 ]; then
    for file in "$home"/headgate.log "$home"/load.log "$home"/load.json; do
      [ ! -s "$file" ] || { printf '\nthe end of %s, which is removed:\n' "$file"; tail -c 4000 "$file"; echo; } >&2
    done
  fi
  rm -rf "$work"
  exit $code
}
trap finish EXIT

newcomer() {
  env -i HOME="$work/home" PATH="$PATH" LANG=C.UTF-8 TMPDIR="$work" HEADGATE_PORT="$port" "$@"
}

mkdir -p "$work/home"
git clone -q "$root" "$work/clone"
began=$SECONDS
newcomer HEADGATE_DEMO_HOME="$home" bash "$work/clone/examples/quickstart.sh" --demo
printf 'the demo from a fresh clone: %s s\n' $((SECONDS - began))
passed=$((passed + 1))

# The Python environment and the built models are kept, so that only the story itself is played again.
binary=$work/clone/.build/release/headgate
while IFS=: read -r protection part check; do
  home=$work/without-$protection
  mkdir -p "$home/state/builds"
  cp -r "$work/demo/state/builds/python" "$home/state/builds/python"
  if newcomer HEADGATE_DEMO_HOME="$home" HEADGATE_BINARY="$binary" HEADGATE_LIFT="$protection" \
    bash "$work/clone/examples/quickstart.sh" --demo >"$work/log" 2>&1 </dev/null; then
    cat "$work/log"
    echo "without the $protection protection the demo still passed" >&2
    exit 1
  fi
  if ! grep -q "failed in part: $part" "$work/log" || ! grep -qF "✗ $check" "$work/log"; then
    cat "$work/log"
    echo "the demo failed elsewhere than at: $part: $check" >&2
    exit 1
  fi
  printf 'without the %s protection the demo fails: %s: %s\n' "$protection" "$part" "$check"
  passed=$((passed + 1))
done <<'LIFTED'
fairness:3. A model that leans:the fairness gate refused it
latency:4. A model that is too slow:the champion is still version 2
revert:4. A model that is too slow:the newest commit is Headgate's revert
LIFTED
printf '%s passed, 0 failed\n' "$passed"
