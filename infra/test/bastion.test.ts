/** The helper script: what it would do, and a session with stand-ins for the AWS CLI and psql. */
import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { INFRA, content } from './support';

const PASSWORD = `it's "quoted" $HOME \\ and long`;
const SQL = `SELECT count(*) FROM api_keys\nWHERE name = 'it''s "x" $y'`;
let folder: string;

function executable(name: string, text: string): void {
  fs.writeFileSync(path.join(folder, name), text, { mode: 0o755 });
}

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ccag-bastion-'));
  fs.writeFileSync(path.join(folder, 'password.json'), JSON.stringify({ username: 'proxy', password: PASSWORD }));
  // Answers as AWS does, and notes how it was called; a session runs here, in the terminal that it was given.
  executable(
    'aws',
    `#!/usr/bin/env bash
printf '%s\\n' "$*" >> "${folder}/calls"
case "$1 $2" in
  'cloudformation describe-stacks') echo "$*" | sed -E "s/.*OutputKey=='([A-Za-z]+)'.*/the-\\1/" ;;
  'ecs list-tasks') echo the-task ;;
  'secretsmanager get-secret-value') cat "${folder}/password.json" ;;
  'rds generate-db-auth-token') echo the-token ;;
  'ecs execute-command') while [ "$1" != --command ]; do shift; done; eval "exec $2" ;;
esac
`,
  );
  executable('session-manager-plugin', '#!/bin/sh\n');
  executable('psql', `#!/bin/sh\nprintf '%s' "$PGPASSWORD" > "${folder}/password"\nfor a in "$@"; do printf '%s\\n' "$a"; done > "${folder}/arguments"\necho rows\nexit 3\n`);
});

after(() => fs.rmSync(folder, { recursive: true, force: true }));

function bastion(fields: Record<string, unknown>, ...words: string[]) {
  const file = path.join(folder, 'environments.json');
  fs.writeFileSync(file, JSON.stringify(content({ fields })));
  fs.rmSync(path.join(folder, 'calls'), { force: true });
  return spawnSync(path.join(INFRA, 'bastion.sh'), words, {
    encoding: 'utf8',
    input: '',
    env: { ...process.env, CCAG_ENVIRONMENTS: file, PATH: `${folder}:${process.env['PATH']}` },
  });
}

const read = (name: string) => fs.readFileSync(path.join(folder, name), 'utf8');

test('a query runs with the password from the secret, which no command shows', () => {
  const done = bastion({}, 'query', '--env', 'prod', SQL);
  assert.equal(done.status, 3, done.stderr);
  assert.match(done.stdout, /rows/);
  assert.equal(read('password'), PASSWORD);
  assert.ok(read('arguments').includes(`--command=${SQL}\n`), read('arguments'));
  assert.match(read('arguments'), /--host=the-DbEndpoint\n--username=proxy\n--dbname=proxy\n/);
  assert.ok(!read('calls').includes('quoted'), 'the password is part of a command');
  assert.ok(!done.stdout.includes('quoted') && !done.stdout.includes('ccag-login'), done.stdout);
});

test('with IAM authentication a token takes the place of the password', () => {
  assert.equal(bastion({ rds_iam_auth: true }, 'connect', '--env=prod').status, 3);
  assert.equal(read('password'), 'the-token');
  assert.match(read('calls'), /rds generate-db-auth-token --region us-west-2 --hostname the-DbEndpoint --port 5432 --username proxy/);
  assert.ok(!read('calls').includes('secretsmanager'));
});

test('a dry run says what it would do and asks AWS nothing', () => {
  for (const [words, expected] of [
    [['connect'], /execute-command .*--container ccag --interactive --command .*exec psql --host=<DbEndpoint>/],
    [['query', 'SELECT 1'], /--command=SELECT 1/],
    [['shell'], /execute-command .*--command \/bin\/sh$/m],
  ] as const) {
    const done = bastion({}, ...words, '--env', 'prod', '--dry-run');
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, expected);
    assert.ok(!fs.existsSync(path.join(folder, 'calls')), 'AWS was asked');
  }
});

test('what is wrong is said', () => {
  for (const [words, expected] of [
    [['query', '--env', 'prod'], /query takes a statement/],
    [['connect', '--env', 'staging'], /no environment "staging"; it has prod/],
    [['connect', 'SELECT 1'], /connect takes no statement/],
    [['dance'], /dance is not known/],
    [['shell', '--loud'], /--loud is not known/],
  ] as const) {
    const done = bastion({}, ...words);
    assert.notEqual(done.status, 0);
    assert.match(done.stderr, expected);
  }
});
