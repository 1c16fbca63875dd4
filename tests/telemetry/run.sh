#!/usr/bin/env bash
# Lets `ccag demo` export to an OTLP collector made from the public proto files: gRPC and HTTP, plain and
# compressed, in the clear and by TLS, the last exports at the drain.
#
#   tests/telemetry/run.sh target/debug/ccag
set -euo pipefail

readonly patience=60
readonly key=sk-ccag-telemetry-0123456789abcdefghijklmnopqrstuv
project=$(cd "$(dirname "$0")/../.." && pwd)
ccag=$(realpath -- "${1:?usage: $0 path/to/ccag}")
here=$project/tests/telemetry
kept=$project/target/telemetry-test
started=()

if ! command -v python3 >/dev/null || ! command -v curl >/dev/null; then
  echo 'Skipped: the OTLP collector needs python3 and curl, which are not installed here.'
  exit 0
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/ccag-telemetry.XXXXXX")
# The gateway's database runs under another account where root starts it.
chmod 755 "$work"

finish() {
  local status=$?
  trap - EXIT
  for process in "${started[@]}"; do kill -TERM "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  [ "$status" = 0 ] || tail -n 20 "$work"/*.log 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# until_line FILE PATTERN: the first line with PATTERN, once there is one.
until_line() {
  local line
  for ((try = 0; try < patience * 10; try++)); do
    if line=$(grep -m 1 -E "$2" "$1" 2>/dev/null); then
      printf '%s\n' "$line"
      return
    fi
    sleep 0.1
  done
  echo "Waited in vain for $2 in $1" >&2
  exit 1
}

mkdir -p "$kept"
if ! cmp -s "$here/requirements.txt" "$kept/venv/.installed"; then
  rm -rf "$kept/venv"
  if ! python3 -m venv "$kept/venv"; then
    echo "Missing: Python's venv. Install it with the system's package manager (Debian: python3-venv)." >&2
    exit 1
  fi
  timeout 300 "$kept/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$kept/venv/.installed"
fi
python=$kept/venv/bin/python

"$python" "$here/collector.py" "$work/received" "$work/authority.pem" >"$work/collector.log" 2>&1 &
started+=($!)
read -r grpc_port http_port grpc_tls_port http_tls_port < <(until_line "$work/collector.log" '^([0-9]+ ){3}[0-9]+$')

# served BY CODING URL [AUTHORITY]: a gateway that exports to URL serves two requests, and ends.
served() {
  local by=$1 coding=$2 url=$3 authority=${4:-} protocol=http/protobuf address gateway
  [ "$by" = grpc ] && protocol=grpc
  rm -f "$work/received"
  OTEL_EXPORTER_OTLP_ENDPOINT=$url OTEL_EXPORTER_OTLP_CERTIFICATE=$authority OTEL_EXPORTER_OTLP_PROTOCOL=$protocol \
    OTEL_EXPORTER_OTLP_COMPRESSION=$coding OTEL_EXPORTER_OTLP_HEADERS=tenant=stories%20a \
    OTEL_SERVICE_NAME=gate OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test \
    BOOTSTRAP_API_KEY=$key PROXY_PORT=0 CCAG_DATA_DIR=$work/data HOME=$work "$ccag" demo >"$work/$by-$coding.log" 2>&1 &
  gateway=$!
  started+=("$gateway")
  address=$(until_line "$work/$by-$coding.log" 'ANTHROPIC_BASE_URL=' | sed 's/.*ANTHROPIC_BASE_URL=//; s/[" ].*//')
  for stream in true false; do
    curl -sS --fail --max-time "$patience" "$address/v1/messages" -H "x-api-key: $key" -H 'content-type: application/json' \
      -d '{"model":"claude-sonnet-5-5","max_tokens":64,"stream":'$stream',"messages":[{"role":"user","content":"Good day"}]}' >/dev/null
  done
  kill -TERM "$gateway"
  wait "$gateway"
}

# exported BY CODING URL [AUTHORITY]: the spans and metrics of two requests are there once the gateway has ended.
exported() {
  served "$@"
  "$python" "$here/received.py" "$work/received" "$1" "$2"
}

exported grpc none "http://127.0.0.1:$grpc_port"
exported grpc gzip "http://127.0.0.1:$grpc_port"
exported http none "http://127.0.0.1:$http_port"
exported http gzip "http://127.0.0.1:$http_port"
exported grpc gzip "https://127.0.0.1:$grpc_tls_port" "$work/authority.pem"
exported http gzip "https://127.0.0.1:$http_tls_port" "$work/authority.pem"

served http none "https://127.0.0.1:$http_tls_port"
if [ -s "$work/received" ]; then
  echo 'A collector of an unknown authority was told of requests.' >&2
  exit 1
fi
echo 'http: nothing to a collector of an unknown authority'
