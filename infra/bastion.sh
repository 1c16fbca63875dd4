#!/usr/bin/env bash
# Reaches the database and the container of a deployment through ECS Exec.
#
#   infra/bastion.sh connect --env NAME            psql, interactive
#   infra/bastion.sh query   --env NAME 'SQL'      one statement
#   infra/bastion.sh shell   --env NAME            a shell in the container
#
# The database's login is fetched here, with your AWS credentials: an IAM token where the environment has rds_iam_auth,
# else the password from Secrets Manager. It is typed into the session and never part of a command, because CloudTrail
# keeps commands. --dry-run prints what would be done and asks AWS nothing.
#
# Needs the AWS CLI with its Session Manager plugin, and Python 3.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environments=${CCAG_ENVIRONMENTS:-$here/../environments.json}
container=ccag
role=proxy
database=proxy

usage() {
  sed -n '4,6s/^#   //p' "${BASH_SOURCE[0]}"
  echo 'Options: --env NAME (prod), --dry-run'
}

fail() {
  echo "bastion.sh: $*" >&2
  exit 1
}

# One word for sh, and for the agent on the far side, which splits words in the same way.
quote() {
  case $1 in
    '' | *[!A-Za-z0-9_./:=,@%+-]*) printf "'%s'" "${1//\'/\'\\\'\'}" ;;
    *) printf '%s' "$1" ;;
  esac
}

# What is done, one word after another, so that it can be pasted.
show() {
  local word line='+'
  for word in "$@"; do line+=" $(quote "$word")"; done
  echo "$line"
}

# A read of AWS; in a dry run it says so and answers with a name in its place.
ask() {
  local stand_in=$1
  shift
  if [ "$dry_run" = true ]; then
    show aws "$@" >&2
    echo "$stand_in"
  else
    aws "$@"
  fi
}

# A field of environments.json: of the environment, else of the top level, else nothing.
field() {
  python3 - "$environments" "$environment" "$1" <<'PYTHON'
import json, sys

path, name, field = sys.argv[1:]
try:
    with open(path) as file:
        everything = json.load(file)
except (OSError, ValueError) as error:
    sys.exit(f"bastion.sh: {path} cannot be read: {error}")
environment = everything.get(name)
if not isinstance(environment, dict):
    known = ", ".join(key for key, value in everything.items() if isinstance(value, dict))
    sys.exit(f'bastion.sh: environments.json has no environment "{name}"; it has {known}')
value = environment.get(field)
value = everything.get(field) if value is None else value
print({None: "", True: "true", False: "false"}.get(value, value) if not isinstance(value, str) else value)
PYTHON
}

# An output of the stack.
output() {
  local value
  value=$(ask "<$1>" cloudformation describe-stacks --region "$region" --stack-name "$stack" \
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue | [0]" --output text)
  case $value in '' | None) fail "the stack $stack in $region has no output $1: deploy it with this version first" ;; esac
  echo "$value"
}

# What logs in to the database.
login() {
  if [ "$(field rds_iam_auth)" = true ]; then
    ask '<token>' rds generate-db-auth-token --region "$region" --hostname "$host" --port 5432 --username "$role"
  else
    local secret
    secret=$(ask '{"password":"<password>"}' secretsmanager get-secret-value --region "$region" \
      --secret-id "$(output DbSecretArn)" --query SecretString --output text)
    python3 -c 'import json, sys; print(json.load(sys.stdin)["password"])' <<<"$secret"
  fi
}

# Opens a session in a running task; the second argument, if any, is typed into it when it asks.
session() {
  local command=$1 secret=${2:-} cluster service task
  cluster=$(output ClusterName)
  service=$(output ServiceName)
  task=$(ask '<task>' ecs list-tasks --region "$region" --cluster "$cluster" --service-name "$service" \
    --desired-status RUNNING --query 'taskArns[0]' --output text)
  case $task in '' | None) fail "no task of $service is running" ;; esac
  local execute=("$(command -v aws || echo aws)" ecs execute-command --region "$region" --cluster "$cluster" --task "$task"
    --container "$container" --interactive --command "$command")
  if [ "$dry_run" = true ]; then
    show "${execute[@]}"
  elif [ -z "$secret" ]; then
    exec "${execute[@]}"
  else
    CCAG_SECRET=$secret exec python3 "$here/bastion_session.py" "${execute[@]}"
  fi
}

# psql with these further arguments, as one command of sh. The password comes by the terminal, unseen.
psql_command() {
  local arguments='' argument
  for argument in "$@"; do
    arguments+=" $(quote "$argument")"
  done
  local script="stty -echo; echo ccag-login; IFS= read -r PGPASSWORD; stty echo; export PGPASSWORD PGSSLMODE=require; "
  script+="exec psql --host=$host --username=$role --dbname=$database$arguments"
  echo "sh -c $(quote "$script")"
}

[ $# -gt 0 ] || { usage >&2; exit 2; }
action=$1
shift
environment=prod
dry_run=false
statement=
while [ $# -gt 0 ]; do
  case $1 in
    --env) [ $# -ge 2 ] || fail '--env takes the name of an environment'; environment=$2; shift 2 ;;
    --env=*) environment=${1#--env=}; shift ;;
    --dry-run) dry_run=true; shift ;;
    -*) fail "$1 is not known" ;;
    *) [ -z "$statement" ] || fail 'one statement at a time: put it in quotes'; statement=$1; shift ;;
  esac
done

case $action in
  connect | shell) [ -z "$statement" ] || fail "$action takes no statement" ;;
  query) [ -n "$statement" ] || fail "query takes a statement, such as 'SELECT count(*) FROM api_keys'" ;;
  -h | --help | help) usage; exit 0 ;;
  *) usage >&2; fail "$action is not known" ;;
esac
command -v python3 >/dev/null || fail 'Python 3 is missing'
region=$(field region)
stack=$(field stack_name)
stack=${stack:-CCAG}
if [ "$dry_run" = false ]; then
  command -v aws >/dev/null || fail 'the AWS CLI is missing: https://docs.aws.amazon.com/cli/'
  command -v session-manager-plugin >/dev/null || fail "the AWS CLI's Session Manager plugin is missing"
fi

case $action in
  shell) session /bin/sh ;;
  connect)
    host=$(output DbEndpoint)
    secret=$(login)
    session "$(psql_command)" "$secret"
    ;;
  query)
    host=$(output DbEndpoint)
    secret=$(login)
    session "$(psql_command --no-psqlrc --pset=pager=off "--command=$statement")" "$secret"
    ;;
esac
