#!/usr/bin/env bash
# Signs the real Claude Code client in to `ccag demo` by its own /login: device code, confirmation page, e-mail; then
# a question with the stored session, a refresh, and the end of the session from the other side.
#
#   tests/claude_code/login.sh target/debug/ccag
#
# The client takes a gateway from the machine's managed settings only, so that it runs in a mount namespace of its own with
# a copy of /etc; nothing of this machine is changed.
set -euo pipefail

# shellcheck source=tests/claude_code/demo.sh
source "$(dirname "$0")/demo.sh"

needs npm node python3 unshare curl
if ! unshare --mount --propagation private true 2>/dev/null; then
  echo 'Skipped: signing the client in needs a mount namespace, which is not allowed here.'
  exit 0
fi
install_client
start_demo

admin() { curl -fsS -H "authorization: Bearer $key" -H 'content-type: application/json' "$@"; }
json() { node -pe "const d = JSON.parse(require('fs').readFileSync(0, 'utf8')); $1"; }
stored() { json "d.enterpriseGateway.$1" <"$work/home/.claude/.credentials.json"; }

key=$(said 's/^Admin key: *//p')
user=$(admin "$url/admin/users?search=admin" | json 'd.data[0].id')
admin -X PATCH "$url/admin/users/$user" -d '{"email":"admin@example.com"}' >/dev/null

mkdir -p "$work/etc/claude-code"
cp -a /etc/. "$work/etc"
printf '{"forceLoginMethod":"gateway","forceLoginGatewayUrl":"%s"}' "$url" >"$work/etc/claude-code/managed-settings.json"

# machine COMMAND…: runs it on a machine whose managed settings name the gateway.
machine() {
  # shellcheck disable=SC2016
  unshare --mount --propagation private sh -c 'mount --bind "$0" /etc && exec "$@"' "$work/etc" "$@"
}

# ask PROMPT: the client's answer, with the session that it has stored.
ask() {
  (cd "$work/project" && machine env -i "PATH=$PATH" "HOME=$work/home" LANG=C.UTF-8 \
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 CLAUDE_CODE_MAX_RETRIES=2 \
    "$client" -p "$1" </dev/null 2>&1) || true
}

blocked() {
  answer=$(ask 'Within the budget?')
  [[ $answer != *'You said:'* ]]
}

answered() {
  answer=$(ask 'And without it?')
  [[ $answer == *'You said:'* ]]
}

machine python3 "$project/tests/claude_code/login.py" "$client" "$url" "$password" "$work/home" "$work/project"
echo 'ok    the client signs in'

answer=$(ask 'Say something nice')
[[ $answer == *'You said: "Say something nice"'* ]] || fail 'a question with the stored session' "$answer"
echo 'ok    a question is answered with the stored session'

before=$(stored idpRefreshToken)
node -e '
  const fs = require("fs"), path = process.argv[1], d = JSON.parse(fs.readFileSync(path, "utf8"));
  d.enterpriseGateway.expiresAt = Date.now() - 1000;
  fs.writeFileSync(path, JSON.stringify(d));' "$work/home/.claude/.credentials.json"
answer=$(ask 'Still there?')
[[ $answer == *'You said: "Still there?"'* ]] || fail 'a question after a refresh' "$answer"
[ "$(stored idpRefreshToken)" != "$before" ] || fail 'the refresh token stays the same'
echo 'ok    the client refreshes its session'

# usage: what the client's /usage reads, with the session that it has stored.
usage() {
  curl -fsS -H "authorization: Bearer $(stored jwt)" "$url/api/oauth/usage"
}

budget=$(admin "$url/admin/budgets" -d "{\"target\":\"user\",\"subject_id\":\"$user\",\"amount_usd\":0.0001,\"period\":\"daily\",\"policy\":\"standard\"}" | json d.id)
eventually blocked || fail 'a budget that is used up does not stop the client' "$answer"
[[ $answer == *'spend limit reached'* ]] || fail 'the client does not tell of the spend limit' "$answer"
echo "ok    the client tells of a budget that is used up: $(head -n 1 <<<"$answer" | cut -c1-100)"
percent=$(usage | json 'd.limits[0].percent')
[ "$percent" -ge 100 ] || fail "the client's usage is told as $percent %"
echo "ok    its usage is told as $percent %"
admin -X DELETE "$url/admin/budgets/$budget" >/dev/null
eventually answered || fail 'a budget that is gone still stops the client' "$answer"
echo 'ok    without the budget it is answered again'

session=$(admin "$url/admin/client-sessions" | json 'd.data[0].surface === "claude_code" && d.data[0].id')
admin -X DELETE "$url/admin/client-sessions/$session" >/dev/null
answer=$(ask 'And now?')
[[ $answer != *'You said:'* ]] || fail 'a question after the end of the session is answered' "$answer"
echo "ok    a session that was ended opens nothing: $(head -n 1 <<<"$answer" | cut -c1-100)"
