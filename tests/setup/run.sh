#!/usr/bin/env bash
# The setup scripts as a developer meets them: both are parsed, and what setup.sh leaves in a clean home is used by the
# real Claude Code client against `ccag demo`: by a sign-in, after its token has ended, and after an undo.
#
#   tests/setup/run.sh target/debug/ccag
set -euo pipefail

# shellcheck source=tests/claude_code/demo.sh
source "$(dirname "$0")/../claude_code/demo.sh"
here=$project/tests/setup
kept=$project/target/setup-test

# The scripts are told apart from their helper, which stands in them as text.
shellcheck "$project/templates/setup/setup.sh"
sed -n "/<<'HELPER'/,/^HELPER\$/p" "$project/templates/setup/setup.sh" | sed '1d;$d' | shellcheck -
echo 'ok    setup.sh and its helper pass shellcheck'
if ! command -v python3 >/dev/null || ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo 'Skipped: the grammar of PowerShell needs Python 3.10, which is not installed here.'
else
  if ! cmp -s "$here/requirements.txt" "$kept/.installed"; then
    rm -rf "$kept"
    python3 -m venv "$kept"
    timeout 300 "$kept/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$kept/.installed"
  fi
  "$kept/bin/python" "$here/powershell.py" "$project/templates/setup/setup.ps1" || fail 'setup.ps1 is no PowerShell'
  echo 'ok    setup.ps1 and its helper are PowerShell'
fi

needs npm node curl
install_client
start_demo

code() { sed -n 's/^and confirm the code \(.*\)\.$/\1/p' "$work/setup.err"; }
shown() { [ -n "$(code)" ]; }

# here COMMAND…: runs it in a home that has nothing but what setup leaves there.
here() { (cd "$work/project" && env -i "PATH=$PATH" "HOME=$work/home" LANG=C.UTF-8 CCAG_NO_BROWSER=1 "$@"); }
setup() { curl -fsS "$url/setup" | here sh -s -- "$@"; }
# ask PROMPT: what the client answers, with nothing but its settings.
ask() { here env CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 CLAUDE_CODE_MAX_RETRIES=1 "$client" -p "$1" </dev/null 2>&1 || true; }

# confirm CODE: approves it on the gateway's page, as a browser does.
confirm() {
  local jar=$work/cookies token
  curl -fsS -c "$jar" -o /dev/null --data-urlencode 'username=admin' --data-urlencode "password=$password" "$url/portal/sign-in"
  token=$(curl -fsS -b "$jar" "$url/device?user_code=$1" | sed -n 's/.*name="token" value="\([^"]*\)".*/\1/p' | head -n 1)
  curl -fsS -b "$jar" -o /dev/null --data-urlencode "token=$token" --data-urlencode "user_code=$1" \
    --data-urlencode 'decision=approve' "$url/device"
}

setup --sso >"$work/setup.out" 2>"$work/setup.err" &
running=$!
eventually shown || fail 'setup shows no code'
confirm "$(code)"
wait "$running" || fail 'setup does not end well'
! grep -rqs 'sk-ccag-' "$work/home" || fail 'a key is stored'
answer=$(ask 'Say something nice')
[[ $answer == *'You said: "Say something nice"'* ]] || fail 'a question after setup by sign-in' "$answer"
echo 'ok    the client is answered after setup by a sign-in, and no key is stored'

tokens=$work/home/.config/ccag/claude-token.kept
before=$(sed -n 3p "$tokens")
sed -i '2s/.*/0/' "$tokens"
answer=$(ask 'Still there?')
[[ $answer == *'You said: "Still there?"'* ]] || fail 'a question after the token has ended' "$answer"
[ "$(sed -n 3p "$tokens")" != "$before" ] || fail 'the helper does not renew its tokens'
echo 'ok    the helper renews a token that has ended'

setup --undo >"$work/setup.out" 2>"$work/setup.err" || fail 'the undo fails'
[ -z "$(find "$work/home/.config" -type f)" ] || fail 'the undo leaves files' "$(find "$work/home/.config" -type f)"
! grep -qs 'ANTHROPIC\|apiKeyHelper' "$work/home/.claude/settings.json" || fail 'the undo leaves settings'
answer=$(ask 'And now?')
[[ $answer != *'You said:'* ]] || fail 'a question after the undo is answered' "$answer"
echo 'ok    after an undo the client has no gateway'
