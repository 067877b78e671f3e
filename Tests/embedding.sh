#!/usr/bin/env bash
# Embeds the runtime as another project would: a package of its own in a temporary folder depends on a tagged clone of this
# repository by URL and version, runs the lines that the runtime's documentation shows, and prints the answer.
#
#   bash Tests/embedding.sh              with the whole manifest
#   bash Tests/embedding.sh inference    with HEADGATE_ONLY=inference, without any outside package
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
[ "${1:-}" = inference ] && export HEADGATE_ONLY=inference || unset HEADGATE_ONLY

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A clone holds what is committed.
git clone -q --no-tags "$root" "$work/headgate"
git -C "$work/headgate" tag 0.1.0

mkdir -p "$work/app/Sources/app"
cat > "$work/app/Package.swift" <<SWIFT
// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "app",
  dependencies: [.package(url: "file://$work/headgate", from: "0.1.0")],
  targets: [
    .executableTarget(name: "app", dependencies: [.product(name: "HeadgateRuntime", package: "headgate")])
  ])
SWIFT
# The lines of the documentation as they stand there, within a program that ends with one line on an error.
{
  sed -n '/^```swift$/,/^```$/p' Sources/HeadgateRuntime/HeadgateRuntime.docc/HeadgateRuntime.md | sed -n '2,/^```$/p' | sed '$d'
} > "$work/app/Sources/app/main.swift"
[ "$(grep -c . "$work/app/Sources/app/main.swift")" -eq 5 ] || { echo "the documentation's example has other lines" >&2; exit 1; }
base64 -d > "$work/app/model.onnx" <<'MODEL'
CAgSADpyChEKAXgKAXcSAXkiBk1hdE11bBIEdGlueSorCAQIAhABQgF3SiAAAIA/AAAAAAAAAAAAAIA/AACAPwAAAAAAAAAAAACAP1oUCgF4Eg8KDQgBEg
kKAxIBTgoCCARiFAoBeRIPCg0IARIJCgMSAU4KAggCQgQKABAR
MODEL
cd "$work/app"
swift build -q
answer=$(.build/debug/app)
echo "$answer"
[ "$answer" = "y [1, 2]" ] || { echo "another answer than y [1, 2]" >&2; exit 1; }
# The folder of every target of the graph is made; only those that were compiled hold an object file.
built=$(find .build/debug/ -name '*.o' | sed -nE 's|^\.build/debug/([^/]+\.build)/.*|\1|p' | sort -u)
grep -q '^HeadgateRuntime\.build$' <<<"$built" || { echo "no trace of what was built" >&2; exit 1; }
needless=$(grep -vE '^(app|Headgate[A-Za-z]*)(-[A-Za-z]+)?\.build$' <<<"$built" || true)
resolved=$(ls .build/checkouts | tr '\n' ' ')
echo "packages resolved: $resolved"
[ -z "$needless" ] || { echo "built without need: ${needless//$'\n'/ }" >&2; exit 1; }
if [ -n "${HEADGATE_ONLY:-}" ] && [ "$resolved" != "headgate " ]; then
  echo "resolved more than the runtime" >&2
  exit 1
fi
echo "embedding passed"
