/** The resources of the deployment guide, row by row. */
import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { names, synthesise, variable } from './support';

const { template, container } = synthesise({ fields: { desired_count: 3 } });

function only(template: Template, type: string): Record<string, unknown> {
  const found = Object.values(template.findResources(type));
  assert.equal(found.length, 1, `${found.length} of ${type}`);
  return found[0]?.['Properties'];
}

test('a network of two zones with public and private subnets and one NAT gateway', () => {
  template.resourceCountIs('AWS::EC2::VPC', 1);
  template.resourceCountIs('AWS::EC2::Subnet', 4);
  template.resourceCountIs('AWS::EC2::NatGateway', 1);
  template.resourceCountIs('AWS::EC2::InternetGateway', 1);
  template.resourcePropertiesCountIs('AWS::EC2::Subnet', { MapPublicIpOnLaunch: true }, 2);
});

test('an ECS cluster with Container Insights', () => {
  template.hasResourceProperties('AWS::ECS::Cluster', { ClusterSettings: [{ Name: 'containerInsights', Value: 'enabled' }] });
});

test('a Fargate task on ARM64 with half a CPU and 1 GB', () => {
  const task = only(template, 'AWS::ECS::TaskDefinition');
  assert.deepEqual(
    [task['Cpu'], task['Memory'], task['RuntimePlatform'], task['RequiresCompatibilities']],
    ['512', '1024', { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' }, ['FARGATE']],
  );
  assert.equal(container['StopTimeout'], 120);
  assert.deepEqual((container['HealthCheck'] as { Command: unknown }).Command, ['CMD', '/usr/local/bin/ccag', 'healthcheck']);
});

test('a service that rolls back by itself, drains, and can be entered', () => {
  template.hasResourceProperties('AWS::ECS::Service', {
    LaunchType: 'FARGATE',
    EnableExecuteCommand: true,
    DesiredCount: Match.absent(),
    DeploymentConfiguration: {
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      MinimumHealthyPercent: 100,
      MaximumPercent: 200,
    },
    NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } },
  });
});

test('autoscaling from desired_count to five times as many, by CPU and memory', () => {
  template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 3, MaxCapacity: 15 });
  for (const [metric, target] of [['ECSServiceAverageCPUUtilization', 70], ['ECSServiceAverageMemoryUtilization', 80]]) {
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: metric },
        TargetValue: target,
      },
    });
  }
});

test('a public load balancer that waits 900 s and checks /health each 15 s', () => {
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Scheme: 'internet-facing',
    Type: 'application',
    LoadBalancerAttributes: Match.arrayWith([{ Key: 'idle_timeout.timeout_seconds', Value: '900' }]),
  });
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
    HealthCheckPath: '/health',
    HealthCheckIntervalSeconds: 15,
    TargetType: 'ip',
    TargetGroupAttributes: Match.arrayWith([{ Key: 'deregistration_delay.timeout_seconds', Value: '120' }]),
  });
});

test('PostgreSQL 16 as the guide sizes and guards it', () => {
  const [database] = Object.values(template.findResources('AWS::RDS::DBInstance'));
  assert.equal(database?.['DeletionPolicy'], 'Snapshot');
  template.hasResourceProperties('AWS::RDS::DBInstance', {
    Engine: 'postgres',
    EngineVersion: '16',
    DBInstanceClass: 'db.t4g.small',
    AllocatedStorage: '20',
    MaxAllocatedStorage: 100,
    StorageType: 'gp2',
    StorageEncrypted: true,
    BackupRetentionPeriod: 7,
    EnablePerformanceInsights: true,
    DeletionProtection: true,
    DBName: 'proxy',
    PubliclyAccessible: false,
    EnableCloudwatchLogsExports: ['postgresql'],
  });
});

test('the database lets in the gateway and the rotation of its password, nobody else', () => {
  const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress'));
  const into = rules.filter((rule) => JSON.stringify(rule['Properties'].GroupId).includes('DatabaseInstanceSecurityGroup'));
  const who = into.map((rule) => /Rotation|The gateway/.exec(rule['Properties'].Description)?.[0]);
  assert.deepEqual(who.sort(), ['Rotation', 'The gateway']);
  template.hasResourceProperties('AWS::SecretsManager::RotationSchedule', { RotationRules: { ScheduleExpression: 'rate(30 days)' } });
});

test('secrets are generated, and reach the container as secrets', () => {
  template.resourceCountIs('AWS::SecretsManager::Secret', 5);
  template.allResourcesProperties('AWS::SecretsManager::Secret', { SecretString: Match.absent(), GenerateSecretString: Match.anyValue() });
  const secrets = container.Secrets.map(({ Name }) => Name).sort();
  assert.deepEqual(secrets, ['ADMIN_API_KEY', 'ADMIN_PASSWORD', 'BOOTSTRAP_API_KEY', 'DB_PASSWORD', 'SECRETS_KEY']);
});

test('the container has the variables of the guide', () => {
  const fixed = { PROXY_HOST: '0.0.0.0', PROXY_PORT: '8080', RUST_LOG: 'info', LOG_FORMAT: 'json', AWS_REGION: 'us-west-2', DATABASE_NAME: 'proxy', DATABASE_USER: 'proxy', DATABASE_SSLMODE: 'require' };
  for (const [name, value] of Object.entries(fixed)) {
    assert.equal(variable(container, name), value, name);
  }
  for (const name of ['DATABASE_HOST', 'DATABASE_PORT']) {
    assert.match(JSON.stringify(variable(container, name)), /DatabaseInstance.*Endpoint/, name);
  }
  assert.match(JSON.stringify(variable(container, 'DB_SECRET_ARN')), /SecretAttachment/);
  assert.match(JSON.stringify(variable(container, 'TRUSTED_PROXIES')), /CidrBlock/);
  for (const absent of ['RDS_IAM_AUTH', 'OIDC_AUDIENCE', 'ADMIN_USERS']) {
    assert.ok(!names(container).includes(absent), absent);
  }
});

test('logs are kept for a month, and after the stack is gone', () => {
  template.hasResource('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 30 }, DeletionPolicy: 'Retain' });
  assert.deepEqual((container['LogConfiguration'] as { LogDriver: string }).LogDriver, 'awslogs');
});

test('the outputs of the guide, and those that the helper script reads', () => {
  const outputs = Object.keys(template.findOutputs('*'));
  for (const name of ['GatewayUrl', 'PortalUrl', 'AlbDnsName', 'AlarmTopicArn', 'DashboardUrl', 'TaskRoleArn', 'DbSecretArn', 'ApiKeySecretArn', 'AdminKeySecretArn', 'AdminPasswordSecretArn', 'ClusterName', 'ServiceName', 'LogGroupName', 'DbEndpoint', 'DbInstanceId']) {
    assert.ok(outputs.includes(name), name);
  }
});
