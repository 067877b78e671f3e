# The whole story, played without a person and judged from outside: by the answers of the server, the tree and the log of
# the bare repository, and the evidence files. Sourced by quickstart.sh --demo; exits 0 only if each part was observed.
#
# HEADGATE_LIFT=fairness|latency|revert takes one protection away, to show that the demo notices.
#
# The directives below are for shellcheck: variables come from quickstart.sh, and its functions use those set here.
# shellcheck shell=bash disable=SC2154,SC2034

home=${HEADGATE_DEMO_HOME:-$(mktemp -d "${TMPDIR:-/tmp}/headgate-demo.XXXXXX")}
state=$home/state fleet=$home/fleet bare=$home/fleet.git log=$home/headgate.log
story=$root/examples/adult/story
rows=$root/examples/adult/adult.csv
part='' loader=''
storybegan=$SECONDS

finish() {
  local code=$?
  if [ -n "$loader" ]; then kill "$loader" 2>/dev/null || true; fi
  # In a shell of its own: what it cannot stop must not hide what failed.
  (stop) || code=1
  if [ $code -ne 0 ]; then
    printf '\ndemo: failed in part: %s\ndemo: everything is kept in %s\n' "$part" "$home" >&2
  elif [ -z "${HEADGATE_DEMO_HOME:-}" ]; then
    rm -rf "$home"
  fi
  exit $code
}
trap finish EXIT

begin() { part=$1; say "$1"; }
observed() { printf '  \342\234\223 %s\n' "$*"; }
missed() { printf '  \342\234\227 %s\n' "$*" >&2; exit 1; }

# check WHAT COMMAND...: the command must succeed.
check() {
  local what=$1
  shift
  if "$@"; then observed "$what"; else missed "$what"; fi
}

# Commits everything in the fleet and lets the controller know.
commit() {
  git -C "$fleet" add -A
  git -C "$fleet" commit -qm "$1"
  git -C "$fleet" push -q origin main
  "$headgate" reconcile --state "$state" >/dev/null
}

# Waits until the controller has taken up the head of the fleet.
wait_for_head() {
  local end=$((SECONDS + 60)) head
  head=$(git -C "$fleet" rev-parse HEAD)
  until [ "$("$headgate" get --state "$state" -o json 2>/dev/null | field "d.get('head')")" = "$head" ]; do
    [ $SECONDS -lt $end ] || missed "the controller takes up commit $head"
    sleep 0.2
  done
}

pull() { git -C "$fleet" pull -q --ff-only origin main; }

# The spec and the training script of one version of the story.
use() {
  cp "$story/$1/train.py" "$fleet/examples/adult/train.py"
  [ ! -f "$story/$1/income.yaml" ] || cp "$story/$1/income.yaml" "$fleet/specs/income.yaml"
}

# edit FILE SED...: fails when the edit changes nothing.
edit() {
  local file=$1 before
  before=$(cat "$file")
  sed -E -i "$2" "$file"
  [ "$before" != "$(cat "$file")" ] || missed "the edit '$2' of $file changed nothing"
}

start_load() {
  "$headgate" load "$url/v2/models/income" --rate 200 --input "$rows" --duration 15m -o json --to "$home/load.json" \
    >"$home/load.log" 2>&1 &
  loader=$!
}

stop_load() {
  kill -INT "$loader" 2>/dev/null || true
  wait "$loader" || true
  loader=''
  [ -s "$home/load.json" ] || { cat "$home/load.log" >&2; missed "the load generator left no report"; }
}

report() { field "$1" <"$home/load.json"; }
server_status() { curl -sS --fail --unix-socket "$state/server.sock" http://localhost/admin/v1/status; }

# The median latency of version 3 while it is in the canary, as the server measures it.
measure_candidate() {
  local end=$((SECONDS + 300)) median='' seen
  while [ $SECONDS -lt $end ]; do
    seen=$(python3 "$here/server_latency.py" income 3 0.5 '{"models": []}' "$(server_status)" 2>/dev/null) && median=$seen
    # Once it has answered, the canary ends with its disappearance or its promotion.
    if [ -n "$median" ] && { [ -z "$seen" ] || [ "$(status "d['phase']")" = Idle ]; }; then break; fi
    sleep 0.2
  done
  printf '%s' "$median"
}

version_of_answer() { predict | field "d['model_version']"; }
status() { "$headgate" get income --state "$state" -o json | field "$1"; }
evidence() { python3 - "$state/evidence" "$1" <<'PY'
import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).iterdir():
    d = json.loads(path.read_bytes())
    if eval(sys.argv[2]):
        sys.exit(0)
sys.exit(1)
PY
}

begin "1. The first model: built, gated, served"
make_fleet
cp -r "$root/examples/adult/story" "$home/story"
start
wait_for 600 "the first model to be Ready" "$ready"
firstready=$((SECONDS - storybegan))
v1=$(status "d['champion']['model']")
check "a real prediction is answered by version 1" test "$(version_of_answer)" = 1
check "evidence lies in the state, every gate passed" \
  evidence "d['modelDigest'] == '$v1' and all(r['verdict'] in ('pass', 'notApplicable') for r in d['reports'])"
check "quality, fairness and security were judged" \
  evidence "{r['kind'] for r in d['reports']} == {'quality', 'fairness', 'security'}"

begin "2. Better features: compared with the champion, 5 % -> 25 % -> 100 %"
start_load
use v2
commit "Better features"
wait_for 900 "version 2 to be promoted" "d['phase'] == 'Idle' and d['champion']['number'] == 2"
v2=$(status "d['champion']['model']")
v2commit=$(git -C "$fleet" rev-parse HEAD)
sleep 3
stop_load
report "'  answers by version: ' + json.dumps({v: s['succeeded'] for v, s in d['versions'].items()})"
check "no request failed" test "$(report "d['failed']")" = 0
check "both versions answered while the weights rose" test "$(report "min(d['versions'][v]['succeeded'] for v in '12') > 50")" = True
check "the share of version 2 stood near 5 % and near 25 % and ended at 100 %" python3 - "$home/load.json" <<'PY'
import json, sys
seconds = json.load(open(sys.argv[1]))['timeline']
shares = [s.get('2', 0) / max(1, sum(s.values())) for s in seconds]
near = lambda share, slack: any(abs(s - share) <= slack for s in shares)
sys.exit(0 if near(0.05, 0.02) and near(0.25, 0.06) and shares[-2] > 0.99 else 1)
PY
check "the gates compared it with version 1 on the same rows" \
  evidence "d['modelDigest'] == '$v2' and d.get('championDigest') == '$v1'"
check "version 2 answers" test "$(version_of_answer)" = 2

begin "3. A model that leans on a sensitive attribute: refused"
use v3
[ "${HEADGATE_LIFT:-}" != fairness ] || edit "$fleet/specs/income.yaml" 's/(equalized_odds_difference.*atMost: )[0-9.]+/\11.0/'
commit "Weigh by sex"
wait_for 600 "the verdict on version 3" "d['generation'] >= 3 and d['phase'] in ('Blocked', 'Canary', 'Promoting')"
"$headgate" describe income --state "$state" >"$home/describe.txt"
insync=$(status "[c['reason'] for c in d['conditions'] if c['type'] == 'InSync'][0]")
check "the fairness gate refused it" test "$insync" = GateFailed
grep -A 4 '^  fail ' "$home/describe.txt" | sed 's/^/  | /'
check "describe names the groups, the metric, the limit and the interval" \
  python3 -c "import sys; t = open('$home/describe.txt').read(); sys.exit(not all(w in t for w in ('equalized_odds_difference', 'Female', 'Male', '<= ', '95%')))"
check "version 2 still answers" test "$(version_of_answer)" = 2
check "nothing was reverted in Git" test "$(git -C "$bare" log -1 --format=%s main)" = "Weigh by sex"

begin "4. A model that is too slow: taken back, quarantined, reverted in Git"
use v2
use v4
before=$(server_status)
"$headgate" load "$url/v2/models/income" --rate 100 --input "$rows" --duration 10s -o json --to "$home/load.json" >/dev/null
after=$(server_status)
p50=$(python3 "$here/server_latency.py" income 2 0.5 "$before" "$after")
p99=$(python3 "$here/server_latency.py" income 2 0.99 "$before" "$after")
limit=$(python3 -c "print(max(1, round(3 * $p99 / 1000)))")ms
[ "${HEADGATE_LIFT:-}" != latency ] || limit=60s
edit "$fleet/specs/income.yaml" "s/maxP99: [0-9a-z]+/maxP99: $limit/"
[ "${HEADGATE_LIFT:-}" != revert ] || edit "$fleet/specs/income.yaml" 's/onFailure: revert/onFailure: hold/'
printf '  p99 of version 2: %s µs; limit: %s\n' "$p99" "$limit"
start_load
commit "A wide network beside the trees"
slow=$(measure_candidate) || true
wait_for 900 "version 3 to be taken back or promoted" \
  "d['generation'] >= 4 and (d['quarantine'] or d['champion']['number'] == 3) and d['phase'] in ('Idle', 'Blocked')"
sleep 2
stop_load
report "'  versions ' + json.dumps({v: {'answers': s['succeeded'], 'p50_us': s['serviceTime']['p50'], 'p99_us': s['serviceTime']['p99']} for v, s in d['versions'].items()})"
check "the champion is still version 2" test "$(status "d['champion']['number']")" = 2
check "no request failed meanwhile" test "$(report "d['failed']")" = 0
check "the slow version had answered some" test "$(report "d['versions'].get('3', {}).get('succeeded', 0) > 0")" = True
printf '  medians at the server: version 2 %s µs, version 3 %s µs\n' "$p50" "$slow"
check "its answers took at least ten times as long" python3 -c "import sys; sys.exit(not float('${slow:-0}') >= 10 * $p50)"
check "its digest is quarantined" test "$(status "len(d['quarantine'])")" = 1
pull
check "the newest commit is Headgate's revert" test "$(git -C "$bare" log -1 --format=%an main)" = Headgate
check "spec and build inputs are as they were at version 2" git -C "$fleet" diff --quiet "$v2commit" HEAD -- specs examples
check "HEAD planned against what runs gives no changes" "$headgate" plan --state "$state" --detailed-exitcode
check "version 2 answers" test "$(version_of_answer)" = 2

begin "5. A misspelt field among good specs"
sed 's/^  name: .*//; s/name: income/name: churn/; s/^  rollout:/  rollot:/' "$fleet/specs/income.yaml" >"$fleet/specs/churn.yaml"
"$headgate" validate "$fleet/specs" >"$home/validate.txt" 2>&1 && missed "validate accepted a misspelt field"
sed 's/^/  | /' "$home/validate.txt"
check "a diagnostic with file, line and column, a caret and a suggestion" \
  python3 -c "import re, sys; t = open('$home/validate.txt').read(); sys.exit(not (re.search(r'churn\.yaml:\d+:\d+: error', t) and '^' in t and \"did you mean 'rollout'\" in t))"
commit "A misspelt field"
wait_for_head
check "the controller reports it" sh -c "'$headgate' get --state '$state' 2>&1 | grep -q 'churn.yaml'"
check "the income model is unaffected" test "$(status "$ready")" = True
check "version 2 answers" test "$(version_of_answer)" = 2
git -C "$fleet" rm -q specs/churn.yaml
commit "Take the misspelt spec away"

begin "6. The spec is deleted"
git -C "$fleet" rm -q specs/income.yaml
commit "Retire the income model"
end=$((SECONDS + 60))
until [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/v2/models/income")" = 404 ]; do
  [ $SECONDS -lt $end ] || missed "the model is drained and unloaded"
  sleep 0.2
done
observed "the model is drained and unloaded"

say "Every part was observed: first Ready after $firstready s (build, pip and training in it), whole story $((SECONDS - storybegan)) s"
