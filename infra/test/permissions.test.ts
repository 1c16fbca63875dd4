/** What the roles may do: enough for every feature, nothing else, in every partition. */
import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { VARIANTS, Variant, synthesise } from './support';

interface Statement {
  readonly Sid?: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

function statements(role: string, variant?: Variant): Statement[] {
  const policies = Object.entries(synthesise(variant).template.findResources('AWS::IAM::Policy'));
  return policies.filter(([id]) => id.includes(role)).flatMap(([, policy]) => policy['Properties'].PolicyDocument.Statement);
}

function actions(all: Statement[]): string[] {
  return all.flatMap(({ Action }) => Action).sort();
}

test('the task may use Bedrock, assume roles, read quotas, notify, read its secret and be entered', () => {
  assert.deepEqual(actions(statements('TaskRole')), [
    'bedrock:ApplyGuardrail',
    'bedrock:CountTokens',
    'bedrock:GetInferenceProfile',
    'bedrock:InvokeModel',
    'bedrock:InvokeModelWithResponseStream',
    'bedrock:ListFoundationModels',
    'bedrock:ListInferenceProfiles',
    'events:PutEvents',
    'secretsmanager:DescribeSecret',
    'secretsmanager:GetSecretValue',
    'servicequotas:GetServiceQuota',
    'servicequotas:ListServiceQuotas',
    'sns:Publish',
    'ssmmessages:CreateControlChannel',
    'ssmmessages:CreateDataChannel',
    'ssmmessages:OpenControlChannel',
    'ssmmessages:OpenDataChannel',
    'sts:AssumeRole',
    'sts:TagSession',
  ]);
});

test('only Claude is invoked, and only ccag-* or the named roles are assumed', () => {
  const resources = (sid: string, variant?: Variant) => {
    const found = statements('TaskRole', variant).filter(({ Action }) => [Action].flat().includes(sid));
    return JSON.stringify(found.map(({ Resource }) => Resource));
  };
  assert.match(resources('bedrock:InvokeModel'), /foundation-model\/anthropic\.\*/);
  assert.ok(!resources('bedrock:InvokeModel').includes('"*"'));
  assert.match(resources('sts:AssumeRole'), /:iam::\*:role\/ccag-\*/);
  assert.match(resources('sts:AssumeRole', VARIANTS['cidrs']), /arn:aws:iam::111111111111:role\/bedrock/);
});

test('with IAM authentication the task does not read the secret', () => {
  const all = actions(statements('TaskRole', VARIANTS['iam']));
  assert.ok(all.includes('rds-db:connect'));
  assert.ok(!all.includes('secretsmanager:GetSecretValue'));
});

test('the execution role reads the secrets that it injects, and the image', () => {
  const all = statements('ExecutionRole', VARIANTS['ecr']);
  assert.ok(actions(all).includes('ecr:BatchGetImage'));
  const secrets = all.filter(({ Action }) => [Action].flat().includes('secretsmanager:GetSecretValue'));
  assert.equal(JSON.stringify(secrets).match(/"Ref":"(Credentials|Database)/g)?.length, 5);
});

test('no ARN names a partition', () => {
  const { template } = synthesise(VARIANTS['govcloud']);
  const policies = JSON.stringify([template.findResources('AWS::IAM::Policy'), template.findResources('AWS::IAM::Role')]);
  assert.ok(!policies.includes('arn:aws:'), policies.match(/.{80}arn:aws:.{80}/)?.[0] ?? '');
});
