/** What the fields of `environments.json` and the options of the command line change. */
import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { CERTIFICATE, DIGEST, VARIANTS, names, synthesise, variable } from './support';

test('without a certificate there is plain HTTP and a warning', () => {
  const { template, annotations } = synthesise();
  template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 80, Protocol: 'HTTP', DefaultActions: [{ Type: 'forward' }] });
  annotations.hasWarning('*', Match.stringLikeRegexp('plain HTTP'));
});

test('a domain with a zone gets a certificate by DNS validation, HTTPS, a record and an audience', () => {
  const { template, container } = synthesise(VARIANTS['created-certificate']);
  template.hasResourceProperties('AWS::CertificateManager::Certificate', {
    DomainName: 'ccag.example.com',
    ValidationMethod: 'DNS',
    DomainValidationOptions: [{ DomainName: 'ccag.example.com', HostedZoneId: Match.anyValue() }],
  });
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 443, Protocol: 'HTTPS', Certificates: [{ CertificateArn: { Ref: Match.stringLikeRegexp('Certificate') } }] });
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 80, DefaultActions: [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', StatusCode: 'HTTP_301' } }] });
  template.hasResourceProperties('AWS::Route53::RecordSet', { Type: 'A', Name: 'ccag.example.com.', AliasTarget: Match.anyValue() });
  assert.equal(variable(container, 'OIDC_AUDIENCE'), 'ccag.example.com');
  assert.equal(variable(container, 'PUBLIC_URL'), 'https://ccag.example.com');
  assert.equal(variable(container, 'ADMIN_USERS'), 'ann,bob');
  template.hasOutput('GatewayUrl', { Value: 'https://ccag.example.com' });
  template.hasOutput('PortalUrl', { Value: 'https://ccag.example.com/portal' });
});

test('a given certificate is used, with and without a zone for the record', () => {
  const { template } = synthesise(VARIANTS['given-certificate']);
  template.resourceCountIs('AWS::CertificateManager::Certificate', 0);
  template.resourceCountIs('AWS::Route53::RecordSet', 0);
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 443, Certificates: [{ CertificateArn: CERTIFICATE }] });
  const fields = { domain_name: 'ccag.example.com', hosted_zone_name: 'example.com', certificate_arn: CERTIFICATE };
  const withZone = synthesise({ fields }).template;
  withZone.resourceCountIs('AWS::CertificateManager::Certificate', 0);
  withZone.resourceCountIs('AWS::Route53::RecordSet', 1);
});

test('a certificate without a domain is warned of', () => {
  const { annotations } = synthesise({ fields: { certificate_arn: CERTIFICATE } });
  annotations.hasWarning('*', Match.stringLikeRegexp('set domain_name'));
});

test('access logs go to a private bucket where they are wanted', () => {
  const { template } = synthesise(VARIANTS['given-certificate']);
  template.hasResourceProperties('AWS::S3::Bucket', { PublicAccessBlockConfiguration: { BlockPublicAcls: true }, LifecycleConfiguration: { Rules: [{ ExpirationInDays: 30 }] } });
  synthesise().template.resourceCountIs('AWS::S3::Bucket', 0);
});

test('the image comes from GHCR or from ECR, by tag or by digest', () => {
  const image = (common: Record<string, unknown>, options: Record<string, string>) =>
    JSON.stringify(synthesise({ common, options }).container.Image);
  assert.equal(image({}, { imageTag: '1.0.0' }), '"ghcr.io/antkawam/claude-code-aws-gateway:1.0.0"');
  assert.equal(image({}, { imageTag: '1.0.0', imageDigest: DIGEST }), `"ghcr.io/antkawam/claude-code-aws-gateway@${DIGEST}"`);
  assert.equal(image({ image_repository: 'registry.example/ccag' }, { imageTag: '2' }), '"registry.example/ccag:2"');
  const ecr = { ecr_repo_name: 'ccag' };
  assert.match(image(ecr, { imageTag: 'abcd1234' }), /123456789012\.dkr\.ecr\.us-west-2.*\/ccag:abcd1234/);
  assert.match(image(ecr, { imageDigest: DIGEST }), new RegExp(`/ccag@${DIGEST}`));
  synthesise().annotations.hasWarning('*', Match.stringLikeRegexp('"latest" is deployed'));
});

test('with IAM authentication there is no password, and the task may connect as proxy', () => {
  for (const variant of [VARIANTS['iam'], { options: { rdsIamAuth: true } }]) {
    const { template, container } = synthesise(variant);
    assert.equal(variable(container, 'RDS_IAM_AUTH'), 'true');
    assert.ok(!names(container).some((name) => name === 'DB_PASSWORD' || name === 'DB_SECRET_ARN'));
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'rds-db:connect' })]) },
    });
  }
  const overridden = synthesise({ fields: { rds_iam_auth: true }, options: { rdsIamAuth: false } }).container;
  assert.ok(names(overridden).includes('DB_PASSWORD'));
});

test('allowed_cidrs alone reach the load balancer, else everybody does', () => {
  const open = synthesise().template;
  open.hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: [Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 80 })] });
  const { template } = synthesise(VARIANTS['cidrs']);
  assert.ok(!JSON.stringify(template.findResources('AWS::EC2::SecurityGroup')).includes('"CidrIp":"0.0.0.0/0","Description":"Allow from anyone'));
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    SecurityGroupIngress: [Match.objectLike({ CidrIp: '203.0.113.0/24', FromPort: 80 }), Match.objectLike({ CidrIpv6: '2001:db8::/32', FromPort: 80 })],
  });
});

test('a chosen admin password is a secret, not a variable', () => {
  const { template, container } = synthesise(VARIANTS['webhook']);
  template.hasResourceProperties('AWS::SecretsManager::Secret', { SecretString: 'correct horse' });
  assert.ok(container.Secrets.some(({ Name }) => Name === 'ADMIN_PASSWORD'));
  assert.ok(!JSON.stringify(container).includes('correct horse'));
});

test('stack names come from environments.json', () => {
  const { template } = synthesise({ common: { stack_name: 'Gateway' } });
  template.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'Gateway' });
});
