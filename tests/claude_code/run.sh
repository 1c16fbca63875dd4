#!/usr/bin/env bash
# Runs the real Claude Code client, headless, against `ccag demo`: a plain answer, its discovery of models, tools, continued
# conversations, older models, interrupted streams; then holds the gateway's records against what was done.
#
#   tests/claude_code/run.sh target/debug/ccag
#
# Nothing of this host's environment or home reaches the client. With CCAG_TEST_DATABASE_URL the gateway
# gets a database of its own on that server (through psql) in the place of its embedded one.
set -euo pipefail

readonly version=2.1.330
readonly patience=60
project=$(cd "$(dirname "$0")/../.." && pwd)
ccag=$(realpath -- "${1:?usage: $0 path/to/ccag}")
passed=0 failed=0 demo='' database='' client_pid=''

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  echo "Skipped: the Claude Code client needs npm and node, which are not installed here."
  exit 0
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/ccag-client.XXXXXX")
# The gateway's database runs under another account where root starts it.
chmod 755 "$work"
mkdir "$work/home" "$work/gateway-home" "$work/project"

finish() {
  local status=$?
  trap - EXIT
  [ -z "$client_pid" ] || kill -KILL "$client_pid" 2>/dev/null || true
  if [ -n "$demo" ]; then
    kill -TERM "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
  fi
  [ -z "$database" ] || psql -q "$CCAG_TEST_DATABASE_URL" -c "drop database if exists $database with (force)" || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

pass() {
  passed=$((passed + 1))
  printf 'ok    %s\n' "$1"
}

fail() {
  failed=$((failed + 1))
  printf 'FAIL  %s\n' "$1"
  printf '      %s\n' "${@:2}" | head -c 2000
}

# check NAME COMMAND…: passes where the command succeeds.
check() {
  local name=$1
  shift
  if "$@" >/dev/null 2>&1; then pass "$name"; else fail "$name" "failed: $*"; fi
}

# contains NAME TEXT PART: passes where TEXT has PART in it.
contains() {
  if [[ $2 == *"$3"* ]]; then pass "$1"; else fail "$1" "expected: …$3…" "got: $2"; fi
}

# equals NAME GOT EXPECTED
equals() {
  if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "expected: $3" "got: $2"; fi
}

# eventually COMMAND…: polls until the command succeeds or patience ends.
eventually() {
  local until=$((SECONDS + patience))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.1
  done
}

# json EXPRESSION: evaluates it over the JSON `d` on standard input.
json() {
  # shellcheck disable=SC2016
  node -e '
    const d = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const value = new Function("d", `return ${process.argv[1]}`)(d);
    console.log(typeof value === "object" ? JSON.stringify(value) : String(value));' "$1"
}

# install_client VERSION
install_client() {
  local cache=$project/target/claude-code/$1
  client=$cache/node_modules/.bin/claude
  [ ! -x "$client" ] || return 0
  echo "Installing @anthropic-ai/claude-code@$1"
  mkdir -p "$project/target/claude-code"
  local fresh
  fresh=$(mktemp -d "$project/target/claude-code/new.XXXXXX")
  if ! timeout 300 npm install --prefix "$fresh" --no-audit --no-fund --no-save --loglevel=error \
    "@anthropic-ai/claude-code@$1"; then
    rm -rf "$fresh"
    echo "Skipped: npm cannot fetch the Claude Code client $1 within five minutes."
    exit 0
  fi
  rm -rf "$cache"
  mv "$fresh" "$cache"
}

# Runs psql on the gateway's own database.
rows() {
  if [ -n "$database" ]; then
    psql -qtAX "$gateway_database" -c "$1"
  else
    PGPASSWORD=$(cat "$work/data/postgres.password") \
      psql -qtAX -h "$work/data/run" -U ccag -d ccag -c "$1"
  fi
}

can_read_rows() {
  command -v psql >/dev/null && { [ -n "$database" ] || [ -S "$work/data/run/.s.PGSQL.5432" ]; }
}

create_database() {
  database=ccag_client_$$
  psql -q "$CCAG_TEST_DATABASE_URL" -c "create database $database"
  if [[ $CCAG_TEST_DATABASE_URL != *://* ]]; then
    gateway_database="$CCAG_TEST_DATABASE_URL dbname=$database"
    return
  fi
  local base=${CCAG_TEST_DATABASE_URL%%\?*} query=''
  [[ $CCAG_TEST_DATABASE_URL != *\?* ]] || query="?${CCAG_TEST_DATABASE_URL#*\?}"
  gateway_database="${base%/*}/$database$query"
}

start_gateway() {
  local environment=(
    "PATH=$PATH" "HOME=$work/gateway-home" "XDG_CACHE_HOME=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}"
    PROXY_PORT=0 "CCAG_DATA_DIR=$work/data"
  )
  [ -z "$database" ] || environment+=("DATABASE_URL=$gateway_database")
  # A gateway without an installed PostgreSQL fetches one with pip.
  local name
  for name in $(compgen -e); do
    case $name in
      PIP_* | SSL_CERT_* | https_proxy | HTTPS_PROXY | no_proxy | NO_PROXY) environment+=("$name=${!name}") ;;
    esac
  done
  env -i "${environment[@]}" "$ccag" demo >"$work/gateway.out" 2>"$work/gateway.err" &
  demo=$!
  eventually announced || true
  if ! ready; then
    echo 'The gateway did not start:'
    tail -n 30 "$work/gateway.out" "$work/gateway.err"
    exit 1
  fi
  url=$(said 's/^ *export ANTHROPIC_BASE_URL=//p')
  token=$(said 's/^ *export ANTHROPIC_AUTH_TOKEN=//p')
  bedrock=$(said 's/^Simulated Bedrock: *//p')
  admin=$(said 's/^Admin key: *//p')
}

said() {
  sed -n "$1" "$work/gateway.out" | head -n 1
}

ready() {
  local address
  address=$(said 's/^ *export ANTHROPIC_BASE_URL=//p')
  [ -n "$(said 's/^ *export ANTHROPIC_AUTH_TOKEN=//p')" ] && curl -fsS "$address/ready" >/dev/null
}

# Ends the wait where the gateway has ended, too.
announced() {
  ready || ! kill -0 "$demo"
}

# The client, with nothing of this environment but PATH.
claude() {
  cd "$work/project"
  exec env -i "PATH=$PATH" "HOME=$work/home" LANG=C.UTF-8 \
    "${wire[@]}" \
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 CLAUDE_CODE_MAX_RETRIES=2 \
    CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY=1 \
    "$client" "$@" </dev/null 2>>"$work/client.err"
}

# ask PROMPT OPTION…: leaves the client's JSON answer in $answer.
ask() {
  answer=$(claude -p "$1" --output-format json "${@:2}") || true
  [ -n "$answer" ] || answer='{"result":"the client said nothing","is_error":true}'
}

field() {
  json "$1" <<<"$answer"
}

plain_answer() {
  ask 'Say something nice'
  contains 'a plain question is answered' "$(field d.result)" 'You said: "Say something nice"'
  equals 'the answer is no error' "$(field d.is_error)" false
  check 'usage reaches the client' test "$(field 'd.usage.input_tokens + d.usage.cache_creation_input_tokens')" -gt 1000
  first_session=$(field d.session_id)
}

# What the client has kept of the gateway's models.
discovered() {
  json 'd.models ? d.models.map(m => m.id).sort() : "no models"' <"$work/home/.claude/cache/gateway-models.json"
}

models() {
  local offered
  offered=$(curl -fsS -H "authorization: Bearer $token" "$url/v1/models?limit=1000" | json 'd.data.map(m => m.id).sort()')
  eventually discovered || true
  equals 'the client discovers every model' "$(discovered 2>&1)" "$offered"
}

# tool_loop NAME FILE OPTION…
tool_loop() {
  ask "write \"hello from $2\" to $2 and read it back" --permission-mode acceptEdits "${@:3}"
  equals "$1: the file is written" "$(cat "$work/project/$2" 2>&1)" "hello from $2"
  contains "$1: and read back" "$(field d.result)" "It says: \"hello from $2\""
}

continued() {
  tool_loop 'tools' note.txt
  ask 'And what was that?' --continue
  contains 'a conversation is continued' "$(field d.result)" 'you spoke 1 time(s) before, and began with "write "hello from note.txt"'
  ask 'Are you still there?' --resume "$first_session"
  contains 'an older one is resumed' "$(field d.result)" 'began with "Say something nice"'
}

# The client as it speaks to Bedrock itself, pointed at the gateway.
bedrock_mode() {
  wire=(CLAUDE_CODE_USE_BEDROCK=1 "ANTHROPIC_BEDROCK_BASE_URL=$url" "AWS_BEARER_TOKEN_BEDROCK=$token" AWS_REGION=us-east-1)
  ask 'Say something nice' --model us.anthropic.claude-sonnet-4-5-20250929-v1:0
  contains 'in Bedrock mode a question is answered' "$(field d.result)" 'You said: "Say something nice"'
  tool_loop 'Bedrock mode' bedrock.txt --model us.anthropic.claude-opus-4-8
  wire=("ANTHROPIC_BASE_URL=$url" "ANTHROPIC_AUTH_TOKEN=$token")
}

older_models() {
  local model
  for model in claude-sonnet-4-5 claude-haiku-4-5 claude-opus-4-6 claude-opus-4-8; do
    tool_loop "$model" "$model.txt" --model "$model"
  done
}

# Clients that people still have: each shape of request must be served. After the records, since some of their
# side requests name models that have ended, which Bedrock refuses, and they name no session.
older_clients() {
  local older
  for older in 2.0.0 2.0.76 2.1.100 2.1.197; do
    install_client "$older"
    ask 'Say something nice'
    contains "client $older: a question is answered" "$(field d.result)" 'You said: "Say something nice"'
    tool_loop "client $older" "client-$older.txt"
  done
  install_client "$version"
}

# A turn that a guardrail of Bedrock stopped, which would stop each later one that still has it.
guarded() {
  local named=$'X-Amzn-Bedrock-GuardrailIdentifier: demo\nX-Amzn-Bedrock-GuardrailVersion: 1'
  wire+=("ANTHROPIC_CUSTOM_HEADERS=$named")
  ask 'Say something nice'
  contains 'under a guardrail a question is answered' "$(field d.result)" 'You said: "Say something nice"'
  ask 'Say [[guardrail]] please' --continue
  ask 'And what do you say now?' --continue
  contains 'after a turn that it stopped the conversation goes on' "$(field d.result)" 'And what do you say now?'
  wire=("ANTHROPIC_BASE_URL=$url" "ANTHROPIC_AUTH_TOKEN=$token")
}

# interrupted SIGNAL: a client that leaves in the middle of a long answer.
interrupted() {
  local out=$work/long-$1.jsonl
  claude -p 'Count slowly to 2000' --output-format stream-json --verbose --include-partial-messages >"$out" &
  client_pid=$!
  check "SIG$1: a long answer streams" eventually streams "$out"
  kill "-$1" "$client_pid" 2>/dev/null || true
  wait "$client_pid" 2>/dev/null || true
  client_pid=''
  check "SIG$1: it did not come to its end" not_finished "$out"
  check "SIG$1: the gateway lets go of it" eventually idle
}

streams() {
  [ "$(grep -c text_delta "$1")" -gt 30 ]
}

not_finished() {
  ! grep -q 'That was the whole long story' "$1"
}

idle() {
  [ "$(curl -fsS -H "authorization: Bearer $admin" "$url/admin/status" | json d.live_streams)" = 0 ]
}

upstream() {
  local requests
  requests=$(curl -fsS "$bedrock/_requests")
  # What Bedrock refuses on the first try costs a round trip that the gateway could have spared.
  equals 'Bedrock refused nothing' "$(json 'd.requests.filter(r => r.status !== 200).map(r => r.path)' <<<"$requests")" '[]'
  asked=$(json 'd.requests.filter(r => r.path.includes("/invoke")).length' <<<"$requests")
}

recorded() {
  if ! can_read_rows; then
    echo "skip  the records: psql is not installed, or the database's socket is elsewhere"
    return
  fi
  # The demo's made-up requests are told apart by their ids.
  local asked_for="(select * from usage where request_id not like 'demo-%') as asked_for"
  local outcomes="select string_agg(outcome || ' ' || n, ', ' order by outcome)
    from (select outcome, count(*) n from $asked_for group by outcome) counted"
  local expected="client_aborted 2, completed $((asked - 2))"
  eventually outcomes_are "$outcomes" "$expected" || true
  equals 'each request has one record with its outcome' "$(rows "$outcomes")" "$expected"
  equals 'each record has its caller, session and client' \
    "$(rows "select count(*) from $asked_for where key_id is null or session_id is null or client_version is distinct from '$version'")" 0
  equals 'each record has tokens and a price' \
    "$(rows "select count(*) from $asked_for where input_tokens + cache_read_tokens + cache_write_5m_tokens = 0 or output_tokens = 0 or cost_nanos = 0 or not priced")" 0
}

outcomes_are() {
  [ "$(rows "$1")" = "$2" ]
}

stopped() {
  local status=0
  kill -TERM "$demo"
  wait "$demo" || status=$?
  demo=''
  equals 'the gateway ends with exit code 0' "$status" 0
}

install_client "$version"
[ -z "${CCAG_TEST_DATABASE_URL:-}" ] || create_database
start_gateway
wire=("ANTHROPIC_BASE_URL=$url" "ANTHROPIC_AUTH_TOKEN=$token")
plain_answer
models
continued
older_models
bedrock_mode
interrupted INT
interrupted KILL
ask 'Still serving?'
contains 'the gateway serves on' "$(field d.result)" 'Still serving?'
upstream
recorded
guarded
older_clients
stopped

if [ "$failed" -gt 0 ]; then
  echo 'The last lines of the gateway and of the client:'
  tail -q -n 20 "$work/gateway.err" "$work/gateway.out" "$work/client.err"
fi
echo "Took $SECONDS s"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
