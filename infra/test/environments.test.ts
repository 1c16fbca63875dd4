import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { EnvironmentsError, ROOT, environment, readEnvironment } from '../lib/environments';
import { OptionsError, readOptions } from '../lib/options';
import { content } from './support';

function problems(content: unknown, name = 'prod'): readonly string[] {
  try {
    environment(content, name);
  } catch (error) {
    assert.ok(error instanceof EnvironmentsError, String(error));
    return error.problems;
  }
  return [];
}

test('the example is an environment, with the defaults of the guide', () => {
  const example = JSON.parse(fs.readFileSync(path.join(ROOT, 'environments.example.json'), 'utf8'));
  const prod = environment(example, 'prod');
  assert.deepEqual(
    [prod.region, prod.stackName, prod.desiredCount, prod.domainName, prod.certificateArn, prod.rdsIamAuth],
    ['us-west-2', 'CCAG', 2, 'ccag.example.com', undefined, false],
  );
  assert.equal(environment(content({}), 'prod').stackName, 'CCAG');
});

test('each fault names the environment, the field and what it takes', () => {
  const prod = (fields: Record<string, unknown>) => problems(content({ fields }));
  const cases: [readonly string[], RegExp][] = [
    [problems({ prod: { account_id: '123456789012', desired_count: 1 } }), /^environments\.json: region is missing; it takes an AWS region/],
    [problems({ region: 'us-west-2', prod: { desired_count: 1 } }), /^environment "prod": account_id is missing; it takes the 12 digits/],
    [problems({ region: 'us-west-2', prod: { account_id: '123456789012' } }), /^environment "prod": desired_count is missing/],
    [prod({ account_id: 123456789012 }), /^environment "prod": account_id is 123456789012, but takes the 12 digits of an AWS account, in quotes/],
    [prod({ desired_count: 0 }), /^environment "prod": desired_count is 0, but takes a whole number/],
    [prod({ desired_count: '2' }), /^environment "prod": desired_count is "2"/],
    [prod({ domain: 'x.example.com' }), /^environment "prod": domain is not known; known are account_id, desired_count/],
    [prod({ domain_name: 'https://x' }), /^environment "prod": domain_name is "https:\/\/x", but takes a full domain name/],
    [prod({ allowed_cidrs: '10.0.0.0/8' }), /^environment "prod": allowed_cidrs is "10\.0\.0\.0\/8", but takes a list/],
    [prod({ allowed_cidrs: ['office'] }), /^environment "prod": allowed_cidrs\.0 is "office", but takes a network/],
    [prod({ allowed_cidrs: ['300.0.0.0/8'] }), /^environment "prod": allowed_cidrs has "300\.0\.0\.0\/8"/],
    [prod({ rds_iam_auth: 'yes' }), /^environment "prod": rds_iam_auth is "yes", but takes true or false/],
    [prod({ hosted_zone_name: 'example.com' }), /^environment "prod": hosted_zone_name is set, but domain_name is not/],
    [prod({ domain_name: 'a.example.org', hosted_zone_name: 'example.com' }), /lies outside hosted_zone_name/],
    [prod({ certificate_arn: 'arn:aws:acm:eu-west-1:123456789012:certificate/a' }), /certificate_arn is of eu-west-1, but the load balancer is in us-west-2/],
    [problems({ region: 'us-west-2', ecr: 'ccag' }), /^environments\.json: ecr is "ccag", which is neither a field nor an environment/],
    [problems(content({}), 'staging'), /^environments\.json has no environment "staging": it has prod\./],
  ];
  for (const [found, expected] of cases) {
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', expected);
  }
});

test('every fault is told at once, and no password is shown', () => {
  const found = problems(content({ fields: { account_id: '1', desired_count: 0, admin_password: 'hunter2' } }));
  assert.equal(found.length, 3);
  assert.ok(!found.join().includes('hunter2'));
});

test('two environments that would be one stack are told apart', () => {
  const one = { account_id: '123456789012', desired_count: 1 };
  const both = { region: 'us-west-2', staging: one, prod: one };
  assert.match(problems(both)[0] ?? '', /"prod" and "staging" are both the stack CCAG.*stack_name/);
  assert.deepEqual(problems({ ...both, staging: { ...one, stack_name: 'CCAG-staging' } }), []);
});

test('a file that is missing or no JSON is named', () => {
  assert.throws(() => readEnvironment('/nowhere/environments.json', 'prod'), /environments\.example\.json/);
  assert.throws(() => readEnvironment(__filename, 'prod'), /is no JSON/);
});

test('options come from the command line, the webhook also from the environment', () => {
  const read = (context: Record<string, unknown>, variables: Record<string, string> = {}) =>
    readOptions((name) => context[name], variables);
  assert.equal(read({}).environment, 'prod');
  assert.equal(read({ rdsIamAuth: 'true' }).rdsIamAuth, true);
  assert.equal(read({}, { ALARM_WEBHOOK_URL: 'https://a.example' }).alarmWebhookUrl, 'https://a.example');
  assert.equal(read({ alarmWebhookUrl: 'https://b.example' }, { ALARM_WEBHOOK_URL: 'https://a.example' }).alarmWebhookUrl, 'https://b.example');
  for (const wrong of [{ rdsIamAuth: 'yes' }, { imageTag: 'a b' }, { imageDigest: 'sha256:1' }, { alarmWebhookUrl: 'http://a' }]) {
    assert.throws(() => read(wrong), (error) => error instanceof OptionsError && error.message.startsWith(Object.keys(wrong)[0] ?? '?'));
  }
});
