#!/bin/sh
# Points Claude Code at __CCAG_URL__, or undoes it.
#
#   curl -fsSL '__CCAG_URL__/setup' | sh -s -- [--token TOKEN] [--scope user|project] [--undo]
#
# Without --token, the API key is taken from CCAG_API_KEY. Three variables are merged into the settings of
# Claude Code; everything else there stays.
set -eu

main() {
  url='__CCAG_URL__'
  token='' scope=user undo=''
  while [ $# -gt 0 ]; do
    case $1 in
      --token) token=${2:?--token takes a token}; shift ;;
      --scope) scope=${2:?--scope takes user or project}; shift ;;
      --undo) undo=yes ;;
      *) fail "what is $1? It takes --token TOKEN, --scope user|project, --undo" ;;
    esac
    shift
  done
  case $scope in
    user) file=${CLAUDE_CONFIG_DIR:-$HOME/.claude}/settings.json ;;
    # Not settings.json: that one is for the whole team, and a key is not.
    project) file=$PWD/.claude/settings.local.json ;;
    *) fail '--scope takes user or project' ;;
  esac
  tool=$(merger) || fail "$file can be merged with jq, python3, node or perl: install one of them"
  if [ -n "$undo" ]; then
    undo_it
    return
  fi
  if [ -n "$token" ]; then
    key=$(redeem)
  else
    key=${CCAG_API_KEY:-}
  fi
  case $key in
    sk-ccag-*) ;;
    *) fail "an API key is needed: make a setup token at $url/, or set CCAG_API_KEY" ;;
  esac
  case $key in *[!A-Za-z0-9_-]*) fail 'the API key has characters that no key has' ;; esac
  keep_what_was_there
  merge set
  echo "Claude Code now talks to $url (in $file)."
  command -v claude >/dev/null 2>&1 || echo 'Claude Code itself is missing: https://code.claude.com/docs/en/setup says how to install it.'
  echo "To undo it: curl -fsSL '$url/setup' | sh -s -- --scope $scope --undo"
}

fail() {
  echo "ccag setup: $1" >&2
  exit 1
}

# Exchanges the token for an API key; neither stands on a command line.
redeem() {
  case $token in *[!A-Za-z0-9_-]*) fail 'the token has characters that no token has' ;; esac
  if command -v curl >/dev/null 2>&1; then
    answer=$(printf '{"token":"%s"}' "$token" | curl -sS --max-time 30 -H 'content-type: application/json' \
      --data-binary @- "$url/setup/redeem") || fail "$url cannot be reached"
  else
    fail 'curl is needed'
  fi
  found=$(printf '%s' "$answer" | sed -n 's/.*"secret":"\(sk-ccag-[0-9a-f]*\)".*/\1/p')
  [ -n "$found" ] || fail "$(printf '%s' "$answer" | sed -n 's/.*"detail":"\([^"]*\)".*/\1/p')"
  printf '%s' "$found"
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
  if [ -e "$file" ]; then
    merge unset
    if [ "$(tr -d ' \n\t' <"$file")" = '{}' ]; then rm -f "$file"; fi
  fi
  rm -f "$file.before-ccag"
  echo "Claude Code is set up as before (in $file)."
}

# merge set|unset: the new file is complete before it takes the place of the old one.
merge() {
  new=$file.new-ccag
  [ -e "$file" ] || (umask 077 && echo '{}' >"$file")
  (umask 077 && CCAG_DO=$1 CCAG_URL=$url CCAG_KEY=${key:-} CCAG_FILE=$file "merge_$tool" >"$new") \
    || { rm -f "$new"; fail "$file is not JSON: mend it first"; }
  mv "$new" "$file"
}

merge_jq() {
  jq -e --slurpfile before "$CCAG_FILE.before-ccag" '
    def names: ["ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"];
    if type != "object" then error("no object") else . end
    | if env.CCAG_DO == "set" then
        .env = (.env // {}) + {ANTHROPIC_BASE_URL: env.CCAG_URL, ANTHROPIC_AUTH_TOKEN: env.CCAG_KEY,
          CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: "1"}
      else
        ($before[0].env // {}) as $was
        | .env = reduce names[] as $n (.env // {}; if ($was | has($n)) then .[$n] = $was[$n] else del(.[$n]) end)
        | if (.env == {}) and ($before[0] | has("env") | not) then del(.env) else . end
      end' "$CCAG_FILE"
}

merge_python3() {
  python3 -c '
import json, os
names = ["ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"]
path = os.environ["CCAG_FILE"]
read = lambda path: json.load(open(path, encoding="utf-8"))
now, before = read(path), read(path + ".before-ccag")
env = now.setdefault("env", {})
if os.environ["CCAG_DO"] == "set":
    env.update(zip(names, [os.environ["CCAG_URL"], os.environ["CCAG_KEY"], "1"]))
else:
    for name in names:
        env.pop(name, None)
        if name in before.get("env", {}): env[name] = before["env"][name]
    if not env and "env" not in before: del now["env"]
print(json.dumps(now, indent=2, ensure_ascii=False))'
}

merge_node() {
  node -e '
const fs = require("fs"), path = process.env.CCAG_FILE;
const names = ["ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"];
const read = (path) => JSON.parse(fs.readFileSync(path, "utf8"));
const now = read(path), before = read(path + ".before-ccag");
if (typeof now !== "object" || now === null || Array.isArray(now)) process.exit(1);
now.env ??= {};
const values = [process.env.CCAG_URL, process.env.CCAG_KEY, "1"];
names.forEach((name, at) => {
  if (process.env.CCAG_DO === "set") { now.env[name] = values[at]; return; }
  delete now.env[name];
  if (before.env && name in before.env) now.env[name] = before.env[name];
});
if (process.env.CCAG_DO !== "set" && !Object.keys(now.env).length && !("env" in before)) delete now.env;
console.log(JSON.stringify(now, null, 2));'
}

merge_perl() {
  perl -MJSON::PP -e '
my @names = qw(ANTHROPIC_BASE_URL ANTHROPIC_AUTH_TOKEN CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY);
my $json = JSON::PP->new->utf8->pretty->canonical;
sub fetch { open(my $file, "<", $_[0]) or die; local $/; $json->decode(<$file>) }
my ($now, $before) = (fetch($ENV{CCAG_FILE}), fetch("$ENV{CCAG_FILE}.before-ccag"));
die unless ref $now eq "HASH";
my $env = $now->{env} //= {};
if ($ENV{CCAG_DO} eq "set") { @$env{@names} = ($ENV{CCAG_URL}, $ENV{CCAG_KEY}, "1") }
else {
  for my $name (@names) {
    delete $env->{$name};
    $env->{$name} = $before->{env}{$name} if ref $before->{env} && exists $before->{env}{$name};
  }
  delete $now->{env} if !%$env && !exists $before->{env};
}
print $json->encode($now);'
}

# Called at the end, so that a script that was cut off does nothing.
main "$@"
