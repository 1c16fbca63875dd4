#!/bin/sh
# Points Claude Code at __CCAG_URL__, or undoes it.
#
#   curl -fsSL '__CCAG_URL__/setup' | sh -s -- [--sso | --token TOKEN] [--scope user|project] [--undo]
#
# With --sso you sign in by your browser, and a helper fetches short-lived tokens: no key is stored. Else an API key is
# taken: for the one-time TOKEN, or from CCAG_API_KEY. A few settings are merged into those of Claude Code; everything
# else there stays.
set -eu

main() {
  url='__CCAG_URL__'
  token='' scope=user undo='' sso=''
  while [ $# -gt 0 ]; do
    case $1 in
      --token) token=${2:?--token takes a token}; shift ;;
      --scope) scope=${2:?--scope takes user or project}; shift ;;
      --sso) sso=yes ;;
      --undo) undo=yes ;;
      *) fail "what is $1? It takes --sso, --token TOKEN, --scope user|project, --undo" ;;
    esac
    shift
  done
  user_file=${CLAUDE_CONFIG_DIR:-$HOME/.claude}/settings.json
  case $scope in
    user) file=$user_file ;;
    # Not settings.json: that one is for the whole team, and a key is not.
    project) file=$PWD/.claude/settings.local.json ;;
    *) fail '--scope takes user or project' ;;
  esac
  tool=$(merger) || fail "$file can be merged with jq, python3, node or perl: install one of them"
  names='ANTHROPIC_BASE_URL ANTHROPIC_AUTH_TOKEN ANTHROPIC_API_KEY CLAUDE_CODE_API_KEY_HELPER_TTL_MS CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY'
  folder=${XDG_CONFIG_HOME:-$HOME/.config}/ccag
  helper=$folder/claude-token
  if [ -n "$undo" ]; then
    undo_it
    return
  fi
  values="ANTHROPIC_BASE_URL=$url
CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY=1"
  if [ -n "$sso" ]; then
    [ -z "$token" ] || fail '--sso takes no token'
    install_helper
    "$helper" --login || exit 1
    command=$(quoted "$helper")
    # Claude Code asks the helper again after this time, in milliseconds.
    values="$values
CLAUDE_CODE_API_KEY_HELPER_TTL_MS=300000"
  else
    command=''
    use_key
    values="$values
ANTHROPIC_AUTH_TOKEN=$key"
  fi
  keep_what_was_there
  merge set
  echo "Claude Code now talks to $url (in $file)."
  for name in ANTHROPIC_AUTH_TOKEN ANTHROPIC_API_KEY; do
    ! printenv "$name" >/dev/null 2>&1 || echo "Take $name out of your shell's environment: Claude Code would find two credentials."
  done
  command -v claude >/dev/null 2>&1 || echo 'Claude Code itself is missing: https://code.claude.com/docs/en/setup says how to install it.'
  echo "To undo it: curl -fsSL '$url/setup' | sh -s -- --scope $scope --undo"
}

fail() {
  echo "ccag setup: $1" >&2
  exit 1
}

use_key() {
  if [ -n "$token" ]; then
    key=$(redeem)
  else
    key=${CCAG_API_KEY:-}
  fi
  case $key in
    sk-ccag-*) ;;
    *) fail "an API key is needed: make a setup token at $url/, set CCAG_API_KEY, or sign in with --sso" ;;
  esac
  case $key in *[!A-Za-z0-9_-]*) fail 'the API key has characters that no key has' ;; esac
}

# Exchanges the token for an API key; neither stands on a command line.
redeem() {
  case $token in *[!A-Za-z0-9_-]*) fail 'the token has characters that no token has' ;; esac
  command -v curl >/dev/null 2>&1 || fail 'curl is needed'
  answer=$(printf '{"token":"%s"}' "$token" | curl -sS --max-time 30 -H 'content-type: application/json' \
    --data-binary @- "$url/setup/redeem") || fail "$url cannot be reached"
  found=$(printf '%s' "$answer" | sed -n 's/.*"secret":"\(sk-ccag-[0-9a-f]*\)".*/\1/p')
  [ -n "$found" ] || fail "$(printf '%s' "$answer" | sed -n 's/.*"detail":"\([^"]*\)".*/\1/p')"
  printf '%s' "$found"
}

# A word as a shell reads it.
quoted() {
  case $1 in
    *\'*) fail "$1 has a quotation mark in it" ;;
    *[!A-Za-z0-9/._-]*) printf "'%s'" "$1" ;;
    *) printf '%s' "$1" ;;
  esac
}

# What prints an access token for Claude Code, and renews it. Tokens are in a file that only its owner reads.
install_helper() {
  command -v curl >/dev/null 2>&1 || fail 'curl is needed'
  (umask 077 && mkdir -p "$folder" && cat >"$helper.new" <<'HELPER'
#!/bin/sh
# Prints an access token of __CCAG_URL__ for Claude Code (apiKeyHelper), and renews it. With --login it signs in
# by a browser; with --logout it signs out.
set -eu
umask 077
url='__CCAG_URL__'
kept=$(dirname "$0")/claude-token.kept

fail() {
  echo "ccag: $1" >&2
  exit 1
}

# ask PATH FIELDS: posts a form, which stands on no command line. Prints the answer and, last, its status.
ask() {
  printf '%s' "$2" | curl -sS --max-time 30 --data-binary @- -w '\n%{http_code}' "$url$1" \
    || fail "$url cannot be reached"
}

status() { printf '%s' "$answer" | tail -n 1; }
text() { printf '%s' "$answer" | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }
number() { printf '%s' "$answer" | sed -n 's/.*"'"$1"'":\([0-9]*\).*/\1/p'; }

# Keeps the tokens of an answer: whole or not at all.
keep() {
  access=$(text access_token) refresh=$(text refresh_token) lifetime=$(number expires_in)
  [ -n "$access" ] || fail "$url gave no token"
  new=$kept.$$
  printf '%s\n' "$access" "$(($(date +%s) + ${lifetime:-0}))" "$refresh" >"$new"
  mv "$new" "$kept"
}

login() {
  answer=$(ask /oauth/device_authorization 'surface=ccag_token_helper')
  code=$(text device_code) pause=$(number interval) left=$(number expires_in)
  [ -n "$code" ] || fail "$url offers no sign-in by browser"
  place=$(text verification_uri_complete)
  printf 'Open %s\nand confirm the code %s.\n' "$place" "$(text user_code)" >&2
  for opener in open xdg-open wslview; do
    [ "${CCAG_NO_BROWSER:-}" = 1 ] || ! command -v "$opener" >/dev/null 2>&1 || { "$opener" "$place" >/dev/null 2>&1 || true; break; }
  done
  while [ "$left" -gt 0 ]; do
    sleep "$pause"
    left=$((left - pause))
    answer=$(ask /oauth/token "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=$code")
    if [ "$(status)" = 200 ]; then
      keep
      echo "Signed in to $url." >&2
      return
    fi
    case $(text error) in
      authorization_pending) ;;
      slow_down) pause=$((pause + 5)) ;;
      access_denied) fail 'the sign-in was denied' ;;
      *) break ;;
    esac
  done
  fail 'nobody confirmed the code in time'
}

read_kept() {
  access='' until=0 refresh=''
  [ -e "$kept" ] || return 0
  { read -r access && read -r until && read -r refresh; } <"$kept" || true
}

logout() {
  read_kept
  rm -f "$kept"
  [ -z "$refresh" ] || answer=$(ask /oauth/revoke "token=$refresh&token_type_hint=refresh_token")
}

# Longer than Claude Code keeps what it was given.
readonly margin=360

show() {
  read_kept
  if [ "$((until - $(date +%s)))" -lt "$margin" ]; then
    [ -n "$refresh" ] || fail "nobody is signed in to $url: run $0 --login"
    answer=$(ask /oauth/token "grant_type=refresh_token&refresh_token=$refresh" 2>/dev/null) || answer='no answer'
    case $(status) in
      200) keep ;;
      400 | 401) fail "the sign-in to $url has ended: run $0 --login" ;;
      # The token may still be good for a while.
      *) [ "$until" -gt "$(date +%s)" ] || fail "$url does not renew the sign-in now ($(status))" ;;
    esac
  fi
  printf '%s\n' "$access"
}

case ${1:-} in
  '') show ;;
  --login) login ;;
  --logout) logout ;;
  *) fail "what is $1? It takes --login or --logout" ;;
esac
HELPER
  ) || fail "$folder cannot be written"
  chmod 700 "$helper.new"
  mv "$helper.new" "$helper"
}

merger() {
  for candidate in jq python3 node perl; do
    if command -v "$candidate" >/dev/null 2>&1 && works "$candidate"; then
      echo "$candidate"
      return 0
    fi
  done
  return 1
}

# Some systems have placeholders that do nothing but ask to install the tool.
works() {
  case $1 in
    jq) jq -n 1 ;;
    python3) python3 -c 'import json' ;;
    node) node -e 1 ;;
    perl) perl -MJSON::PP -e 1 ;;
  esac >/dev/null 2>&1 </dev/null
}

# The file as it was before the first setup, for --undo.
keep_what_was_there() {
  mkdir -p "$(dirname "$file")"
  [ ! -e "$file.before-ccag" ] || return 0
  if [ -e "$file" ]; then
    (umask 077 && cp "$file" "$file.before-ccag")
  else
    (umask 077 && echo '{}' >"$file.before-ccag")
  fi
}

undo_it() {
  [ -e "$file.before-ccag" ] || fail "nothing was set up in $file"
  values='' command=''
  if [ -e "$file" ]; then
    merge unset
    if [ "$(tr -d ' \n\t' <"$file")" = '{}' ]; then rm -f "$file"; fi
  fi
  rm -f "$file.before-ccag"
  # Where the user's settings still have the helper, a project's undo leaves it.
  if [ -e "$helper" ] && ! grep -qsF "$helper" "$user_file"; then
    "$helper" --logout 2>/dev/null || true
    rm -f "$helper"
    rmdir "$folder" 2>/dev/null || true
  fi
  echo "Claude Code is set up as before (in $file)."
}

# merge set|unset: the new file is complete before it takes the place of the old one.
merge() {
  new=$file.new-ccag
  [ -e "$file" ] || (umask 077 && echo '{}' >"$file")
  (umask 077 && CCAG_DO=$1 CCAG_NAMES=$names CCAG_VALUES=$values CCAG_HELPER=$command CCAG_FILE=$file "merge_$tool" >"$new") \
    || { rm -f "$new"; fail "$file is not JSON: mend it first"; }
  mv "$new" "$file"
}

# Each of them sets the names that setup knows to what they are to be, or takes them out: by the values that are
# given, or as the file had them before.

merge_jq() {
  jq -e --slurpfile before "$CCAG_FILE.before-ccag" '
    (env.CCAG_VALUES | split("\n") | map(select(. != "") | capture("^(?<k>[^=]+)=(?<v>.*)$") | {(.k): .v}) | add // {}) as $values
    | $before[0] as $was
    | (if env.CCAG_DO == "set" then {env: $values, apiKeyHelper: env.CCAG_HELPER} else $was end) as $to
    | if type != "object" then error("no object") else . end
    | .env = reduce (env.CCAG_NAMES | split(" "))[] as $n (.env // {};
        if $to.env // {} | has($n) then .[$n] = $to.env[$n] else del(.[$n]) end)
    | if ($to.apiKeyHelper // "") != "" then .apiKeyHelper = $to.apiKeyHelper else del(.apiKeyHelper) end
    | if .env == {} and ($was | has("env") | not) then del(.env) else . end' "$CCAG_FILE"
}

merge_python3() {
  python3 -c '
import json, os
given, path = os.environ, os.environ["CCAG_FILE"]
read = lambda path: json.load(open(path, encoding="utf-8"))
now, before = read(path), read(path + ".before-ccag")
values = dict(line.split("=", 1) for line in given["CCAG_VALUES"].splitlines() if line)
to = {"env": values, "apiKeyHelper": given["CCAG_HELPER"]} if given["CCAG_DO"] == "set" else before
env, wanted = now.setdefault("env", {}), to.get("env", {})
for name in given["CCAG_NAMES"].split():
    env.pop(name, None)
    if name in wanted: env[name] = wanted[name]
now.pop("apiKeyHelper", None)
if to.get("apiKeyHelper"): now["apiKeyHelper"] = to["apiKeyHelper"]
if not env and "env" not in before: del now["env"]
print(json.dumps(now, indent=2, ensure_ascii=False))'
}

merge_node() {
  node -e '
const fs = require("fs"), given = process.env, path = given.CCAG_FILE;
const read = (path) => JSON.parse(fs.readFileSync(path, "utf8"));
const now = read(path), before = read(path + ".before-ccag");
if (typeof now !== "object" || now === null || Array.isArray(now)) process.exit(1);
const lines = given.CCAG_VALUES.split("\n").filter((line) => line);
const values = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
const to = given.CCAG_DO === "set" ? { env: values, apiKeyHelper: given.CCAG_HELPER } : before;
now.env ??= {};
for (const name of given.CCAG_NAMES.split(" ")) {
  delete now.env[name];
  if (to.env && name in to.env) now.env[name] = to.env[name];
}
delete now.apiKeyHelper;
if (to.apiKeyHelper) now.apiKeyHelper = to.apiKeyHelper;
if (!Object.keys(now.env).length && !("env" in before)) delete now.env;
console.log(JSON.stringify(now, null, 2));'
}

merge_perl() {
  perl -MJSON::PP -e '
my $json = JSON::PP->new->utf8->pretty->canonical;
sub fetch { open(my $file, "<", $_[0]) or die; local $/; $json->decode(<$file>) }
my ($now, $before) = (fetch($ENV{CCAG_FILE}), fetch("$ENV{CCAG_FILE}.before-ccag"));
die unless ref $now eq "HASH";
my %values = map { split /=/, $_, 2 } grep { length } split /\n/, $ENV{CCAG_VALUES};
utf8::decode(my $helper = $ENV{CCAG_HELPER});
my $to = $ENV{CCAG_DO} eq "set" ? { env => \%values, apiKeyHelper => $helper } : $before;
my $env = $now->{env} //= {};
for my $name (split / /, $ENV{CCAG_NAMES}) {
  delete $env->{$name};
  $env->{$name} = $to->{env}{$name} if ref $to->{env} && exists $to->{env}{$name};
}
delete $now->{apiKeyHelper};
$now->{apiKeyHelper} = $to->{apiKeyHelper} if $to->{apiKeyHelper};
delete $now->{env} if !%$env && !exists $before->{env};
print $json->encode($now);'
}

# Called at the end, so that a script that was cut off does nothing.
main "$@"
