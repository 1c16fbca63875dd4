/**
 * `environments.json`, the single source of truth of what is deployed where: read, checked against its schema, and
 * every fault told in one sentence that names the environment and the field.
 */
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import Ajv, { ErrorObject } from 'ajv';

/** The project's root, where `environments.json` and its schema are. */
export const ROOT = path.join(__dirname, '..', '..');

/** The image that is pulled where no ECR repository is named. */
const PUBLIC_IMAGE = 'ghcr.io/antkawam/claude-code-aws-gateway';

/** One environment, with the fields of the top level that hold for it. */
export interface Environment {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly stackName: string;
  readonly desiredCount: number;
  readonly ecrRepositoryName?: string | undefined;
  readonly imageRepository: string;
  readonly domainName?: string | undefined;
  readonly hostedZoneName?: string | undefined;
  readonly certificateArn?: string | undefined;
  readonly adminUsers?: string | undefined;
  readonly adminPassword?: string | undefined;
  readonly rdsIamAuth: boolean;
  readonly allowedCidrs?: readonly string[] | undefined;
  readonly accessLogs: boolean;
  readonly assumeRoleArns?: readonly string[] | undefined;
}

/** What is wrong with `environments.json`, a sentence each. */
export class EnvironmentsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'EnvironmentsError';
  }
}

interface EnvironmentFields {
  account_id: string;
  desired_count: number;
  stack_name?: string | null;
  domain_name?: string | null;
  hosted_zone_name?: string | null;
  certificate_arn?: string | null;
  admin_users?: string | null;
  admin_password?: string | null;
  rds_iam_auth?: boolean | null;
  allowed_cidrs?: string[] | null;
  access_logs?: boolean | null;
  assume_role_arns?: string[] | null;
}

const COMMON = ['$schema', 'region', 'ecr_repo_name', 'stack_name', 'image_repository'];

/** Reads the environment `name` from a file. Throws {@link EnvironmentsError}. */
export function readEnvironment(file: string, name: string): Environment {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    throw new EnvironmentsError([
      `${file} cannot be read: copy environments.example.json to environments.json and fill in your account.`,
    ]);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new EnvironmentsError([`environments.json is no JSON: ${(error as Error).message}.`]);
  }
  return environment(content, name);
}

/** The environment `name` in what `environments.json` holds. Throws {@link EnvironmentsError}. */
export function environment(content: unknown, name: string): Environment {
  const schema = JSON.parse(fs.readFileSync(path.join(ROOT, 'environments.schema.json'), 'utf8'));
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true });
  if (!ajv.validate(schema, content)) {
    throw new EnvironmentsError([...new Set((ajv.errors ?? []).map(sentence))]);
  }
  const all = content as Record<string, unknown>;
  const names = Object.keys(all).filter((key) => !COMMON.includes(key));
  const fields = all[name] as EnvironmentFields | undefined;
  if (fields === undefined || COMMON.includes(name)) {
    const known = names.length > 0 ? `it has ${names.join(', ')}` : 'it has none yet';
    throw new EnvironmentsError([`environments.json has no environment "${name}": ${known}. Choose one with -c environment=NAME.`]);
  }
  const stackName = stackNameOf(all, fields);
  const problems = [...conflicts(all, names, name, stackName), ...contradictions(all, name, fields)];
  if (problems.length > 0) {
    throw new EnvironmentsError(problems);
  }
  return {
    name,
    region: all['region'] as string,
    accountId: fields.account_id,
    stackName,
    desiredCount: fields.desired_count,
    ecrRepositoryName: (all['ecr_repo_name'] as string | null) ?? undefined,
    imageRepository: (all['image_repository'] as string | null) ?? PUBLIC_IMAGE,
    domainName: fields.domain_name ?? undefined,
    hostedZoneName: fields.hosted_zone_name ?? undefined,
    certificateArn: fields.certificate_arn ?? undefined,
    adminUsers: fields.admin_users ?? undefined,
    adminPassword: fields.admin_password ?? undefined,
    rdsIamAuth: fields.rds_iam_auth ?? false,
    allowedCidrs: fields.allowed_cidrs ?? undefined,
    accessLogs: fields.access_logs ?? false,
    assumeRoleArns: fields.assume_role_arns ?? undefined,
  };
}

function stackNameOf(all: Record<string, unknown>, fields: EnvironmentFields): string {
  return fields.stack_name ?? (all['stack_name'] as string | null | undefined) ?? 'CCAG';
}

/** Two environments that would be one stack. */
function conflicts(all: Record<string, unknown>, names: string[], name: string, stackName: string): string[] {
  const own = all[name] as EnvironmentFields;
  return names
    .filter((other) => other !== name)
    .filter((other) => {
      const fields = all[other] as EnvironmentFields;
      return fields.account_id === own.account_id && stackNameOf(all, fields) === stackName;
    })
    .map(
      (other) =>
        `environments "${name}" and "${other}" are both the stack ${stackName} in account ${own.account_id}: give one of them a stack_name of its own.`,
    );
}

/** What the schema cannot say: fields that do not go together. */
function contradictions(all: Record<string, unknown>, name: string, fields: EnvironmentFields): string[] {
  const problems: string[] = [];
  const say = (text: string) => problems.push(`environment "${name}": ${text}`);
  const { domain_name: domain, hosted_zone_name: zone, certificate_arn: certificate } = fields;
  if (zone && !domain) {
    say('hosted_zone_name is set, but domain_name is not: set both.');
  }
  if (zone && domain && domain !== zone && !domain.endsWith(`.${zone}`)) {
    say(`domain_name is "${domain}", but lies outside hosted_zone_name "${zone}".`);
  }
  const region = all['region'] as string;
  if (certificate && certificate.split(':')[3] !== region) {
    say(`certificate_arn is of ${certificate.split(':')[3]}, but the load balancer is in ${region}: use a certificate of that region.`);
  }
  for (const cidr of fields.allowed_cidrs ?? []) {
    const [address = '', bits = ''] = cidr.split('/');
    const version = net.isIP(address);
    if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) {
      say(`allowed_cidrs has "${cidr}", which is no network.`);
    }
  }
  return problems;
}

/** One fault of the schema in plain words. */
function sentence(error: ErrorObject): string {
  const [first, field, ...rest] = error.instancePath.split('/').slice(1);
  const isCommon = first === undefined || COMMON.includes(first);
  const where = isCommon ? 'environments.json' : `environment "${first}"`;
  const takes = (schema: { description?: string } | undefined) => schema?.description ?? 'something else';
  if (error.keyword === 'required') {
    const missing = error.params['missingProperty'] as string;
    const parent = error.parentSchema as { properties: Record<string, { description?: string }> };
    return `${where}: ${missing} is missing; it takes ${takes(parent.properties[missing])}.`;
  }
  if (error.keyword === 'additionalProperties') {
    const unknown = error.params['additionalProperty'] as string;
    const known = Object.keys((error.parentSchema as { properties: object }).properties);
    return `${where}: ${unknown} is not known; known are ${known.join(', ')}.`;
  }
  const shown = JSON.stringify(error.data);
  if (!isCommon && field === undefined) {
    return `environments.json: ${first} is ${shown}, which is neither a field nor an environment (an object with account_id and desired_count).`;
  }
  const named = isCommon ? first : [field, ...rest].join('.');
  const value = field === 'admin_password' ? 'not usable' : shown;
  return `${where}: ${named} is ${value}, but takes ${takes(error.parentSchema as { description?: string })}.`;
}
