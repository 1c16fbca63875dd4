#!/usr/bin/env bash
# Holds the gateway against the standards of its control plane: SCIM by scim2-tester, and the admin API as
# /openapi.json describes it by schemathesis, which must find no 5xx.
#
#   target/debug/examples/with_database tests/conformance/run.sh target/debug/ccag
set -euo pipefail

readonly patience=60
project=$(cd "$(dirname "$0")/../.." && pwd)
ccag=$(realpath -- "${1:?usage: $0 path/to/ccag}")
here=$project/tests/conformance
kept=$project/target/conformance-test
gateway=''

if ! command -v python3 >/dev/null || ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo 'Skipped: scim2-tester needs Python 3.11, which is not installed here.'
  exit 0
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/ccag-conformance.XXXXXX")

finish() {
  local status=$?
  trap - EXIT
  if [ -n "$gateway" ]; then
    kill -TERM "$gateway" 2>/dev/null || true
    wait "$gateway" 2>/dev/null || true
  fi
  [ "$status" = 0 ] || tail -n 20 "$work/log" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

if ! cmp -s "$here/requirements.txt" "$kept/.installed"; then
  rm -rf "$kept"
  if ! python3 -m venv "$kept"; then
    echo "Missing: Python's venv. Install it with the system's package manager (Debian: python3-venv)." >&2
    exit 1
  fi
  timeout 300 "$kept/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$kept/.installed"
fi

cd "$work"
admin=conformance-$(printf '5d6b%.0s' {1..12})
database=$("$kept/bin/python" "$here/database.py")
env -u DATABASE_HOST DATABASE_URL="$database" PROXY_PORT=0 CCAG_DATA_DIR="$work/data" HOME="$work" \
  ADMIN_API_KEY="$admin" AWS_REGION=us-east-1 AWS_BEARER_TOKEN_BEDROCK=none AWS_EC2_METADATA_DISABLED=true \
  AWS_ENDPOINT_URL=http://127.0.0.1:1 PRICING_REFRESH_ENABLED=false LOG_FORMAT=json RUST_LOG=info \
  "$ccag" serve >"$work/log" 2>&1 &
gateway=$!
until=$((SECONDS + patience))
until address=$(grep -m1 '"Listening\."' "$work/log" | grep -o '"address":"[^"]*"' | cut -d'"' -f4) && [ -n "$address" ]; do
  kill -0 "$gateway" 2>/dev/null && [ "$SECONDS" -lt "$until" ] || { echo 'The gateway does not start.' >&2; exit 1; }
  sleep 0.1
done
url=http://$address

manage() { CCAG_ADMIN_KEY=$admin HOME=$work "$ccag" --url "$url" "$@"; }
manage idps create conformance >/dev/null
token=$(manage scim create-token conformance sync --json \
  | "$kept/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["secret"])')
"$kept/bin/python" "$here/scim.py" "$url/scim/v2" "$token"

# Some examples of each operation, so that it ends by itself with each of them asked; the limit is for a run that hangs.
curl -fsS "$url/openapi.json" >"$work/openapi.json"
timeout 400 "$kept/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$url/openapi.json" \
  --header "Authorization: Bearer $admin" --checks not_a_server_error --phases coverage,fuzzing --max-examples "${EXAMPLES:-4}" \
  --generation-deterministic --no-color --report har --report-har-path "$work/requests.har" >"$work/fuzz" 2>&1 \
  || { tail -n 60 "$work/fuzz"; exit 1; }
tail -n 8 "$work/fuzz"
"$kept/bin/python" "$here/reached.py" "$work/openapi.json" "$work/requests.har"
