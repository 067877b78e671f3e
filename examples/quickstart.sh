#!/usr/bin/env bash
# Builds Headgate, makes a fleet repository, and serves a first model from it.
#
#   bash examples/quickstart.sh          start, or say what is running
#   bash examples/quickstart.sh --demo   play the whole story and check every part of it
#   bash examples/quickstart.sh --stop   end it; the fleet and the state stay
#
# HEADGATE_HOME  where the fleet, the state and the logs go (default ~/.local/share/headgate-quickstart)
# HEADGATE_PORT  the port of the model server (default 8080)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
home=${HEADGATE_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/headgate-quickstart}
port=${HEADGATE_PORT:-8080}
url=http://127.0.0.1:$port
state=$home/state
fleet=$home/fleet
bare=$home/fleet.git
log=$home/headgate.log
headgate=${HEADGATE_BINARY:-$root/.build/release/headgate}

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

# Prints a field of the JSON on standard input: a Python expression over `d`.
field() { python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }

install_missing() {
  local packages=(libgit2-dev libyaml-dev libsqlite3-dev bubblewrap python3-venv curl ca-certificates git) missing=()
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local install=(apt-get install -y --no-install-recommends -o "DPkg::Lock::Timeout=120" "${missing[@]}") as=
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as=sudo
    else
      die "these packages are missing; run this as root, then start again:
  apt-get update && ${install[*]}"
    fi
  fi
  say "Installing ${missing[*]}"
  $as apt-get update -q
  $as env DEBIAN_FRONTEND=noninteractive "${install[@]}"
}

build() {
  [ -n "${HEADGATE_BINARY:-}" ] && return
  command -v swift >/dev/null || die "no Swift toolchain found: install Swift 6.3 from https://www.swift.org/install"
  say "Building headgate (the first time takes some minutes)"
  # Backtraces name functions, but not lines: what tells those takes a tenth of the time, and `swift build -c release`
  # by itself has it. This linker, and addresses to relocate in a packed list, make a seventh less of the program resident.
  (cd "$root" && swift build -c release --product headgate --static-swift-stdlib -Xswiftc -gnone \
    -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs)
}

# A bare repository, as a Git host would hold it, and a clone to work in.
make_fleet() {
  [ -d "$fleet/.git" ] && return
  say "Making the fleet repository $bare and the clone $fleet"
  mkdir -p "$home"
  git init -q --bare -b main "$bare"
  git clone -q "$bare" "$fleet" 2>/dev/null
  git -C "$fleet" checkout -q -B main
  git -C "$fleet" config user.name "${GIT_AUTHOR_NAME:-A newcomer}"
  git -C "$fleet" config user.email "${GIT_AUTHOR_EMAIL:-newcomer@example.org}"
  mkdir -p "$fleet/examples"
  cp -r "$root/specs" "$fleet/specs"
  cp -r "$root/examples/adult" "$fleet/examples/adult"
  rm -rf "$fleet/examples/adult/story"
  git -C "$fleet" add -A
  git -C "$fleet" commit -qm "Serve the income model"
  git -C "$fleet" push -q origin main
}

# The command line of a process; nothing when there is none.
command_of() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

# Process numbers are used again: only a process that names this state folder is ours.
running() { [ -f "$home/pid" ] && [[ $(command_of "$(cat "$home/pid")") == *"--state $state "* ]]; }

start() {
  if running; then
    say "Headgate is running already (process $(cat "$home/pid"))"
    return
  fi
  say "Starting headgate up; its log is $log"
  mkdir -p "$state"
  setsid nohup "$headgate" up --repository "$bare" --path specs --state "$state" --rest-port "$port" \
    --interval 5s >>"$log" 2>&1 </dev/null &
  local process=$!
  echo $process >"$home/pid"
  # On a busy disk it takes its time to become headgate, and until then would look as if it had ended.
  until [[ $(command_of $process) == "$headgate up "* ]] || ! kill -0 $process 2>/dev/null; do sleep 0.05; done
}

# Waits until a Python expression over `headgate get NAME -o json` (as `d`) is true.
# wait_for SECONDS WHAT EXPRESSION
wait_for() {
  local end=$((SECONDS + $1)) last='' now answer
  while :; do
    if answer=$("$headgate" get income --state "$state" -o json 2>/dev/null); then
      now=$(field "d['phase']" <<<"$answer")
      [ "$now" != "$last" ] && printf '  %s\n' "$now" && last=$now
      [ "$(field "bool($3)" <<<"$answer")" = True ] && return
    fi
    if ! running; then
      tail -n 20 "$log" >&2
      die "headgate ended while waiting for: $2"
    fi
    if [ $SECONDS -ge $end ]; then
      "$headgate" describe income --state "$state" >&2 || tail -n 20 "$log" >&2
      die "waited $1 s in vain for: $2"
    fi
    sleep 0.5
  done
}

ready="any(c['type'] == 'Ready' and c['status'] == 'True' for c in d['conditions'])"

predict() {
  curl -sS --fail-with-body --max-time 10 -H 'Content-Type: application/json' \
    --data-binary "@$root/examples/adult/request.json" "$url/v2/models/income/infer"
}

stop() {
  if running; then
    kill "$(cat "$home/pid")"
    for _ in $(seq 450); do running || break; sleep 0.1; done
    # With its number kept, the next --stop finds it.
    if running; then die "process $(cat "$home/pid") does not end"; fi
  fi
  rm -f "$home/pid"
}

case "${1:-}" in
--stop)
  stop
  say "Headgate has ended. $home keeps the fleet and the state."
  exit
  ;;
--demo | '') ;;
*) die "unknown option '$1': see the first lines of $0" ;;
esac

began=$SECONDS
install_missing
installed=$SECONDS
build
built=$SECONDS
if [ "${1:-}" = --demo ]; then
  # shellcheck source=examples/demo.sh
  source "$here/demo.sh"
  exit
fi
make_fleet
start
say "Waiting for the first model"
wait_for 900 "the first model to be Ready" "$ready"
say "A prediction:"
predict
cat <<MSG


Model server   $url/v2/models/income
Metrics        $url/metrics
Fleet          $fleet (pushes to $bare)
State and log  $state, $log
Times          install $((installed - began)) s, build $((built - installed)) s, to Ready $((SECONDS - built)) s

Three things to try:
  1. $headgate describe income --state $state
  2. cp $here/adult/story/v2/train.py $fleet/examples/adult/ && git -C $fleet commit -qam "Better features" &&
     git -C $fleet push -q && watch $headgate get --state $state
  3. bash $0 --demo     the whole story: a canary, an unfair model refused, a slow one taken back
End it with: bash $0 --stop
MSG
