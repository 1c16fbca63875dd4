/** The options of the command line, checked. */

/** What `-c name=value` says. */
export interface Options {
  readonly environment: string;
  readonly imageTag?: string | undefined;
  readonly imageDigest?: string | undefined;
  /** Overrides `rds_iam_auth` of the environment. */
  readonly rdsIamAuth?: boolean | undefined;
  readonly alarmWebhookUrl?: string | undefined;
}

/** What is wrong with the options. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
}

/** Reads the options from CDK's context; the webhook also from `ALARM_WEBHOOK_URL`. Throws {@link OptionsError}. */
export function readOptions(context: (name: string) => unknown, variables: NodeJS.ProcessEnv): Options {
  const text = (name: string): string | undefined => {
    const value = context(name);
    return value === undefined || value === null || value === '' ? undefined : String(value);
  };
  const fitting = (name: string, value: string | undefined, form: RegExp, takes: string) => {
    if (value !== undefined && !form.test(value)) {
      throw new OptionsError(`${name} is "${value}", but takes ${takes}.`);
    }
    return value;
  };
  const iam = fitting('rdsIamAuth', text('rdsIamAuth'), /^(true|false)$/, 'true or false');
  const webhook = text('alarmWebhookUrl') ?? (variables['ALARM_WEBHOOK_URL'] || undefined);
  return {
    environment: text('environment') ?? 'prod',
    imageTag: fitting('imageTag', text('imageTag'), /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'an image tag such as 1.0.0'),
    imageDigest: fitting('imageDigest', text('imageDigest'), /^sha256:[0-9a-f]{64}$/, 'a digest: sha256: and 64 hexadecimal digits'),
    rdsIamAuth: iam === undefined ? undefined : iam === 'true',
    alarmWebhookUrl: fitting('alarmWebhookUrl', webhook, /^https:\/\/[^\s]+$/, 'an https:// URL'),
  };
}
