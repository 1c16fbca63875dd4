# shellcheck shell=bash
# What the tests of the real client's sign-in share: the client, a folder to work in, and `ccag demo`. Sourced with the path of
# ccag; sets `client`, `work` with a home, and `url`.
# shellcheck disable=SC2034 # used by those who source it
readonly version=2.1.330 password='tall ships at noon'
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ccag=$(realpath -- "${1:?usage: $0 path/to/ccag}")
demo=''

# needs TOOL…: ends the test well where one is missing.
needs() {
  local needed
  for needed in "$@"; do
    if ! command -v "$needed" >/dev/null; then
      echo "Skipped: the client's sign-in needs $needed, which is not installed here."
      exit 0
    fi
  done
}

fail() {
  printf 'FAIL  %s\n' "$@"
  exit 1
}

# eventually COMMAND…: polls until the command succeeds or a minute has passed.
eventually() {
  local until=$((SECONDS + 60))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.1
  done
}

install_client() {
  local cache=$project/target/claude-code/$version fresh
  client=$cache/node_modules/.bin/claude
  [ ! -x "$client" ] || return 0
  mkdir -p "$project/target/claude-code"
  fresh=$(mktemp -d "$project/target/claude-code/new.XXXXXX")
  timeout 300 npm install --prefix "$fresh" --no-audit --no-fund --no-save --loglevel=error \
    "@anthropic-ai/claude-code@$version"
  rm -rf "$cache"
  mv "$fresh" "$cache"
}

finish() {
  local status=$?
  trap - EXIT
  if [ -n "$demo" ]; then
    kill -TERM "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
  fi
  [ "$status" = 0 ] || tail -n 20 "$work"/*.err 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}

said() { sed -n "$1" "$work/gateway.out" | head -n 1; }
ready() { curl -fsS "$(said 's/^ *export ANTHROPIC_BASE_URL=//p')/ready"; }

start_demo() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/ccag-client.XXXXXX")
  # The gateway's database runs under another account where root starts it.
  chmod 755 "$work"
  mkdir -p "$work"/{home,project,gateway-home}
  trap finish EXIT
  trap 'exit 130' INT TERM
  env -u DATABASE_URL PROXY_PORT=0 CCAG_DATA_DIR="$work/data" HOME="$work/gateway-home" \
    XDG_CACHE_HOME="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}" ADMIN_PASSWORD="$password" RUST_LOG=warn \
    "$ccag" demo >"$work/gateway.out" 2>"$work/gateway.err" &
  demo=$!
  eventually ready || fail 'the gateway does not start'
  # shellcheck disable=SC2034
  url=$(said 's/^ *export ANTHROPIC_BASE_URL=//p')
}
