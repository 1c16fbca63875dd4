/** The templates of every variant, some as the command line makes them; and the smallest one against its snapshot. */
import * as assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { App, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { environment } from '../lib/environments';
import { CcagStack } from '../stack';
import { ACCOUNT, INFRA, VARIANTS, Variant, content, synthesise } from './support';

/** cfn-lint finds the templates here (`test.sh`). */
const OUT = path.join(INFRA, 'cdk.out', 'variants');
const SNAPSHOT = path.join(__dirname, 'minimal.template.json');
/** What CDK would look up in the account. */
const LOOKED_UP = {
  [`hosted-zone:account=${ACCOUNT}:domainName=example.com:region=us-west-2`]: { Id: '/hostedzone/Z0123456789', Name: 'example.com.' },
};

let folder: string;

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ccag-cdk-cli-'));
  fs.symlinkSync(path.join(INFRA, 'node_modules'), path.join(folder, 'node_modules'));
  const settings = JSON.parse(fs.readFileSync(path.join(INFRA, 'cdk.json'), 'utf8'));
  settings.app = `npx tsx ${path.join(INFRA, 'app.ts')}`;
  fs.writeFileSync(path.join(folder, 'cdk.json'), JSON.stringify(settings));
  fs.writeFileSync(path.join(folder, 'cdk.context.json'), JSON.stringify(LOOKED_UP));
  fs.rmSync(OUT, { recursive: true, force: true });
});

after(() => fs.rmSync(folder, { recursive: true, force: true }));

function cdk(file: string, ...more: string[]) {
  return spawnSync('npx', ['cdk', 'synth', '--quiet', '--no-lookups', '--no-notices', ...more], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, CCAG_ENVIRONMENTS: file, ALARM_WEBHOOK_URL: '' },
  });
}

function environmentsFile(name: string, variant: Variant): string {
  const file = path.join(folder, `${name}.json`);
  fs.writeFileSync(file, JSON.stringify(content(variant)));
  return file;
}

/** Those that the command line makes; the others are made without it, which is quicker. */
const BY_COMMAND = ['minimal', 'created-certificate', 'webhook'];

for (const [name, variant] of Object.entries(VARIANTS)) {
  test(`a template: ${name}`, () => {
    if (!BY_COMMAND.includes(name)) {
      synthesise(variant, path.join(OUT, name));
      return;
    }
    const options = Object.entries(variant.options ?? {}).flatMap(([option, value]) => ['-c', `${option}=${value}`]);
    const done = cdk(environmentsFile(name, variant), '--output', path.join(OUT, name), '-c', 'environment=prod', ...options);
    assert.equal(done.status, 0, done.stderr);
  });
}

test('the smallest stack is what its snapshot says', () => {
  const [file] = fs.readdirSync(path.join(OUT, 'minimal')).filter((name) => name.endsWith('.template.json'));
  const template = JSON.parse(fs.readFileSync(path.join(OUT, 'minimal', file ?? ''), 'utf8'));
  // What changes with each release of the tool alone.
  delete template.Resources.CDKMetadata;
  delete template.Conditions;
  delete template.Rules;
  delete template.Parameters;
  const text = `${JSON.stringify(template, null, 1)}\n`;
  if (process.env['UPDATE_SNAPSHOT'] !== undefined) {
    fs.writeFileSync(SNAPSHOT, text);
  }
  const hint = 'look at the difference; if it is meant: UPDATE_SNAPSHOT=1 npm test';
  assert.ok(fs.existsSync(SNAPSHOT), hint);
  fs.writeFileSync(path.join(folder, 'now.json'), text);
  const diff = spawnSync('diff', ['-u', SNAPSHOT, path.join(folder, 'now.json')], { encoding: 'utf8' });
  assert.equal(diff.stdout, '', hint);
});

test('a fault of environments.json ends the command with its sentence alone', () => {
  const done = cdk(environmentsFile('wrong', { fields: { account_id: '1' } }));
  assert.notEqual(done.status, 0);
  assert.match(done.stderr, /environment "prod": account_id is "1", but takes the 12 digits/);
  assert.doesNotMatch(done.stderr, /at .*environments\.ts/);
});

test('a finding of cdk-nag that nobody has explained fails the synthesis', () => {
  const app = new App({ outdir: path.join(folder, 'nag') });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = new CcagStack(app, environment(content({}), 'prod'), { environment: 'prod' });
  new s3.Bucket(stack, 'Unexplained');
  assert.throws(() => app.synth(), /[Vv]alidation failed/);
});

test('the types are right', () => {
  execFileSync('npx', ['tsc', '--noEmit'], { cwd: INFRA, stdio: 'pipe' });
});
