#!/usr/bin/env bash
# Looks at the portal in headless Chromium: every page and form, with and without scripts, held against
# the accessibility rules of axe-core.
#
#   tests/portal/run.sh target/debug/ccag              # the test
#   tests/portal/run.sh target/debug/ccag PICTURES [PART]  # pictures of all pages, or those with that in their name, instead
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
ccag=$(realpath -- "${1:?usage: $0 path/to/ccag [folder for pictures]}")
pictures=${2:+$(realpath -m -- "$2")}
wanted=${3:-}

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  echo 'Skipped: the pages need npm and node, which are not installed here.'
  exit 0
fi
CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
if [ -z "$CHROMIUM" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
  CHROMIUM=$(command -v chromium)
fi
if [ -z "$CHROMIUM" ]; then
  echo 'Missing: Chromium. Install it with the system package manager, or name it in CHROMIUM.' >&2
  exit 1
fi
export CHROMIUM

work=$project/target/portal-test
mkdir -p "$work"
cp "$project"/tests/portal/{package.json,package-lock.json} "$project"/tests/portal/*.mjs "$work"
if ! cmp -s "$work/package-lock.json" "$work/node_modules/.installed"; then
  timeout 300 npm ci --prefix "$work" --no-audit --no-fund --loglevel=error
  cp "$work/package-lock.json" "$work/node_modules/.installed"
fi
run=$(mktemp -d "${TMPDIR:-/tmp}/ccag-portal.XXXXXX")
# The gateway's database runs under another account where root starts it.
chmod 755 "$run"
trap 'rm -rf "$run"' EXIT
ln -s "$work/node_modules" "$run/node_modules"
"$(dirname "$ccag")/examples/portal_charts" >"$run/charts.html"
if [ -n "$pictures" ]; then
  node "$work/screenshots.mjs" "$ccag" "$run" "$pictures" "$wanted"
else
  timeout 480 node "$work/pages.mjs" "$ccag" "$run"
fi
