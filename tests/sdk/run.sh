#!/usr/bin/env bash
# Runs the official SDKs against `ccag demo`: Python (newest, and the last of the 0.x line that clients still
# have), JavaScript, and boto3 with both Bedrock clients for the native routes.
#
#   tests/sdk/run.sh target/debug/ccag
set -euo pipefail

readonly patience=60
project=$(cd "$(dirname "$0")/../.." && pwd)
ccag=$(realpath -- "${1:?usage: $0 path/to/ccag}")
here=$project/tests/sdk
kept=$project/target/sdk-test
demo=''

for needed in python3 node npm; do
  if ! command -v "$needed" >/dev/null; then
    echo "Skipped: the SDKs need $needed, which is not installed here."
    exit 0
  fi
done

work=$(mktemp -d "${TMPDIR:-/tmp}/ccag-sdk.XXXXXX")
# The gateway's database runs under another account where root starts it.
chmod 755 "$work"

finish() {
  local status=$?
  trap - EXIT
  if [ -n "$demo" ]; then
    kill -TERM "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
  fi
  [ "$status" = 0 ] || tail -n 20 "$work/log" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# venv NAME: a virtual environment with what tests/sdk/NAME.txt pins.
venv() {
  local folder=$kept/$1 wanted=$here/$1.txt
  cmp -s "$wanted" "$folder/.installed" && return 0
  rm -rf "$folder"
  if ! python3 -m venv "$folder"; then
    echo "Missing: Python's venv. Install it with the system's package manager (Debian: python3-venv)." >&2
    exit 1
  fi
  timeout 300 "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$folder/.installed"
}

mkdir -p "$kept"
venv requirements
venv requirements-0.125
cp "$here"/{package.json,package-lock.json,sdks.mjs} "$kept"
if ! cmp -s "$kept/package-lock.json" "$kept/node_modules/.installed"; then
  timeout 300 npm ci --prefix "$kept" --no-audit --no-fund --loglevel=error
  cp "$kept/package-lock.json" "$kept/node_modules/.installed"
fi

key=sk-ccag-$(printf '5d6b%.0s' {1..16})
env -u DATABASE_URL PROXY_PORT=0 CCAG_DATA_DIR="$work/data" BOOTSTRAP_API_KEY="$key" RUST_LOG=warn \
  "$ccag" demo >"$work/log" 2>&1 &
demo=$!
until=$((SECONDS + patience))
until url=$(grep -o 'ANTHROPIC_BASE_URL=[^ ]*' "$work/log" | cut -d= -f2) && [ -n "$url" ]; do
  kill -0 "$demo" 2>/dev/null && [ "$SECONDS" -lt "$until" ] || { echo 'The gateway does not start.' >&2; exit 1; }
  sleep 0.1
done

"$kept/requirements/bin/python" -W ignore::DeprecationWarning "$here/anthropic_sdk.py" "$url" "$key"
"$kept/requirements-0.125/bin/python" -W ignore::DeprecationWarning "$here/anthropic_sdk.py" "$url" "$key"
"$kept/requirements/bin/python" -W ignore::DeprecationWarning "$here/native_sdks.py" "$url" "$key"
node "$kept/sdks.mjs" "$url" "$key"
