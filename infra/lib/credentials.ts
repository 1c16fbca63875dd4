/** The secrets that the gateway starts with, generated once and kept in Secrets Manager. */
import { SecretValue, Validations } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface CredentialsProps {
  /** The admin's password, where the operator chose one. */
  readonly adminPassword?: string | undefined;
}

export class Credentials extends Construct {
  /** The first API key (`BOOTSTRAP_API_KEY`). */
  readonly apiKey: secretsmanager.Secret;
  /** The bearer token of `/admin/*` and `/metrics` (`ADMIN_API_KEY`). */
  readonly adminKey: secretsmanager.Secret;
  /** The admin user's password for the portal (`ADMIN_PASSWORD`). */
  readonly adminPassword: secretsmanager.Secret;
  /** What seals secrets in the database (`SECRETS_KEY`): apart from the keys, which may be replaced at will. */
  readonly secretsKey: secretsmanager.Secret;

  constructor(scope: Construct, id: string, props: CredentialsProps) {
    super(scope, id);
    this.apiKey = this.generated('ApiKey', 'The first API key of the gateway');
    this.adminKey = this.generated('AdminKey', 'Bearer token of the gateway for /admin and /metrics');
    this.secretsKey = this.generated('SecretsKey', "Seals the secrets in the gateway's database. Replacing it makes them unreadable");
    this.adminPassword =
      props.adminPassword === undefined
        ? this.generated('AdminPassword', "Password of the gateway's admin user", 24)
        : new secretsmanager.Secret(this, 'AdminPassword', {
            description: "Password of the gateway's admin user, from environments.json",
            // It stands in the template, but not in the task definition, which many more may read.
            secretStringValue: SecretValue.unsafePlainText(props.adminPassword),
          });
    for (const secret of [this.apiKey, this.adminKey, this.adminPassword, this.secretsKey]) {
      Validations.of(secret).acknowledge({
        id: 'AwsSolutions-SMG4',
        reason: 'Clients and people hold copies, so a key that changes by itself would lock them out. Replace it by hand: put a new value, then force a new deployment.',
      });
    }
  }

  private generated(id: string, description: string, length = 64): secretsmanager.Secret {
    return new secretsmanager.Secret(this, id, {
      description,
      generateSecretString: { passwordLength: length, excludePunctuation: true },
    });
  }
}
