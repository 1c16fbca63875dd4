/** What the tests are written with: stacks made from fields of `environments.json` and options of the command line. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Annotations, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { environment } from '../lib/environments';
import { Options } from '../lib/options';
import { CcagStack } from '../stack';

export const INFRA = path.join(__dirname, '..');
export const ACCOUNT = '123456789012';
export const CERTIFICATE = `arn:aws:acm:us-west-2:${ACCOUNT}:certificate/0a1b2c3d`;
export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** Fields of the environment `prod`, and of the top level. */
export interface Variant {
  readonly fields?: Record<string, unknown>;
  readonly common?: Record<string, unknown>;
  readonly options?: Partial<Options>;
}

/** Every way of deploying that makes another template. */
export const VARIANTS: Record<string, Variant> = {
  minimal: { options: { imageTag: '1.0.0' } },
  'created-certificate': { fields: { domain_name: 'ccag.example.com', hosted_zone_name: 'example.com', admin_users: 'ann,bob' } },
  'given-certificate': { fields: { domain_name: 'ccag.example.com', certificate_arn: CERTIFICATE, access_logs: true } },
  'domain-without-certificate': { fields: { domain_name: 'ccag.example.com' } },
  ecr: { common: { ecr_repo_name: 'ccag' }, options: { imageDigest: DIGEST } },
  iam: { fields: { rds_iam_auth: true } },
  cidrs: { fields: { allowed_cidrs: ['203.0.113.0/24', '2001:db8::/32'], assume_role_arns: ['arn:aws:iam::111111111111:role/bedrock'] } },
  webhook: { fields: { admin_password: 'correct horse' }, options: { alarmWebhookUrl: 'https://hooks.example.com/T0/B0' } },
  govcloud: { common: { region: 'us-gov-west-1', stack_name: 'CCAG-gov' } },
};

/** What `environments.json` holds for a variant. */
export function content(variant: Variant): Record<string, unknown> {
  return {
    region: 'us-west-2',
    ...variant.common,
    prod: { account_id: ACCOUNT, desired_count: 2, ...variant.fields },
  };
}

/** A synthesised stack. cdk-nag has passed it, since a finding fails the synthesis. */
export interface Synthesised {
  readonly template: Template;
  readonly annotations: Annotations;
  /** The container of the gateway. */
  readonly container: Container;
}

export interface Container {
  readonly Image: unknown;
  readonly Environment: { Name: string; Value: unknown }[];
  readonly Secrets: { Name: string; ValueFrom: unknown }[];
  readonly [property: string]: unknown;
}

/** Where templates go that nobody looks at again. */
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'ccag-cdk-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

export function synthesise(variant: Variant = {}, outdir = fs.mkdtempSync(path.join(scratch, 'out-'))): Synthesised {
  const { context } = JSON.parse(fs.readFileSync(path.join(INFRA, 'cdk.json'), 'utf8'));
  const app = new App({ outdir, context });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = new CcagStack(app, environment(content(variant), 'prod'), { environment: 'prod', ...variant.options });
  const template = Template.fromStack(stack);
  const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
  return {
    template,
    annotations: Annotations.fromStack(stack),
    container: task?.['Properties'].ContainerDefinitions[0],
  };
}

/** The names of the container's variables and secrets. */
export function names(container: Container): string[] {
  return [...container.Environment, ...container.Secrets].map(({ Name }) => Name).sort();
}

/** The value of one variable. */
export function variable(container: Container, name: string): unknown {
  return container.Environment.find(({ Name }) => Name === name)?.Value;
}
