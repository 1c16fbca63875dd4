/** The stack: what the parts are and how they hang together. Each part says in `lib/` what it is made of. */
import { Annotations, App, CfnOutput, Fn, Stack, Tags } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Alarms } from './lib/alarms';
import { Credentials } from './lib/credentials';
import { Dashboard } from './lib/dashboard';
import { Database, NAME } from './lib/database';
import { Domain } from './lib/domain';
import { Environment } from './lib/environments';
import { LoadBalancer } from './lib/load-balancer';
import { Network } from './lib/network';
import { Options } from './lib/options';
import { PORT, Service, image } from './lib/service';
import { Webhook } from './lib/webhook';

export class CcagStack extends Stack {
  constructor(
    app: App,
    private readonly environmentOf: Environment,
    private readonly options: Options,
  ) {
    super(app, environmentOf.stackName, {
      env: { account: environmentOf.accountId, region: environmentOf.region },
      description: `CCAG, Claude Code AWS Gateway (${environmentOf.name})`,
    });
    const network = new Network(this, 'Network');
    const database = new Database(this, 'Database', { vpc: network.vpc });
    const credentials = new Credentials(this, 'Credentials', { adminPassword: environmentOf.adminPassword });
    const domain = new Domain(this, 'Domain', environmentOf);
    const front = new LoadBalancer(this, 'LoadBalancer', {
      vpc: network.vpc,
      certificate: domain.certificate,
      allowedCidrs: environmentOf.allowedCidrs,
      accessLogs: environmentOf.accessLogs,
    });
    domain.pointTo(front.balancer);
    const scheme = domain.certificate === undefined ? 'http' : 'https';
    const url = `${scheme}://${environmentOf.domainName ?? front.balancer.loadBalancerDnsName}`;
    const service = new Service(this, 'Gateway', {
      vpc: network.vpc,
      image: image(this, environmentOf, options),
      environment: this.containerEnvironment(network, database, url),
      secrets: this.containerSecrets(database, credentials),
      desiredCount: environmentOf.desiredCount,
      assumeRoleArns: environmentOf.assumeRoleArns,
    });
    service.service.attachToApplicationTargetGroup(front.targetGroup);
    database.instance.connections.allowDefaultPortFrom(service.service, 'The gateway');
    if (this.usesIam) {
      database.instance.grantConnect(service.taskRole, NAME);
    } else {
      database.secret.grantRead(service.taskRole);
    }
    const alarms = new Alarms(this, 'Alarms', {
      balancer: front.balancer,
      targetGroup: front.targetGroup,
      database: database.instance,
      logGroup: service.logGroup,
      stackName: environmentOf.stackName,
    });
    const dashboard = new Dashboard(this, 'Dashboard', {
      name: environmentOf.stackName,
      alarms,
      balancer: front.balancer,
      targetGroup: front.targetGroup,
      service: service.service,
    });
    if (options.alarmWebhookUrl !== undefined) {
      new Webhook(this, 'Webhook', { url: options.alarmWebhookUrl, alarms: alarms.all });
    }
    this.output({
      GatewayUrl: [url, 'Where Claude Code points: ANTHROPIC_BASE_URL'],
      PortalUrl: [`${url}/portal`, 'The portal'],
      AlbDnsName: [front.balancer.loadBalancerDnsName, 'The load balancer, for DNS elsewhere'],
      AlarmTopicArn: [alarms.topic.topicArn, 'Subscribe to this for alarms'],
      DashboardUrl: [dashboard.url, 'The CloudWatch dashboard'],
      TaskRoleArn: [service.taskRole.roleArn, 'The role that endpoints in other accounts have to trust'],
      DbSecretArn: [database.secret.secretArn, "The database's login"],
      DbInstanceId: [database.instance.instanceIdentifier, 'The database'],
      DbEndpoint: [database.instance.dbInstanceEndpointAddress, "The database's address"],
      ApiKeySecretArn: [credentials.apiKey.secretArn, 'The first API key'],
      AdminKeySecretArn: [credentials.adminKey.secretArn, 'The admin key'],
      AdminPasswordSecretArn: [credentials.adminPassword.secretArn, "The admin user's password"],
      ClusterName: [service.cluster.clusterName, 'The ECS cluster'],
      ServiceName: [service.service.serviceName, 'The ECS service'],
      LogGroupName: [service.logGroup.logGroupName, "The gateway's log"],
    });
    Tags.of(this).add('application', 'ccag');
    Tags.of(this).add('environment', environmentOf.name);
    this.warn(domain);
  }

  /** By name, so that no account has to be asked for its zones before a template is made. */
  override get availabilityZones(): string[] {
    return [0, 1].map((index) => Fn.select(index, Fn.getAzs()));
  }

  private get usesIam(): boolean {
    return this.options.rdsIamAuth ?? this.environmentOf.rdsIamAuth;
  }

  /** The container's variables. Further ones (OIDC_ISSUER, OTEL_EXPORTER_OTLP_ENDPOINT, …) go here; README.md lists all. */
  private containerEnvironment(network: Network, database: Database, url: string): Record<string, string> {
    const { domainName, adminUsers } = this.environmentOf;
    return {
      PROXY_HOST: '0.0.0.0',
      PROXY_PORT: String(PORT),
      RUST_LOG: 'info',
      LOG_FORMAT: 'json',
      AWS_REGION: this.region,
      PUBLIC_URL: url,
      // The load balancer stands in this network and says where clients come from.
      TRUSTED_PROXIES: network.vpc.vpcCidrBlock,
      DATABASE_HOST: database.instance.dbInstanceEndpointAddress,
      DATABASE_PORT: database.instance.dbInstanceEndpointPort,
      DATABASE_NAME: NAME,
      DATABASE_USER: NAME,
      DATABASE_SSLMODE: 'require',
      ...(this.usesIam ? { RDS_IAM_AUTH: 'true' } : { DB_SECRET_ARN: database.secret.secretArn }),
      ...(domainName === undefined ? {} : { OIDC_AUDIENCE: domainName }),
      ...(adminUsers === undefined ? {} : { ADMIN_USERS: adminUsers }),
    };
  }

  /** The container's secrets, read by ECS when a task starts. */
  private containerSecrets(database: Database, credentials: Credentials): Record<string, ecs.Secret> {
    return {
      BOOTSTRAP_API_KEY: ecs.Secret.fromSecretsManager(credentials.apiKey),
      ADMIN_API_KEY: ecs.Secret.fromSecretsManager(credentials.adminKey),
      ADMIN_PASSWORD: ecs.Secret.fromSecretsManager(credentials.adminPassword),
      SECRETS_KEY: ecs.Secret.fromSecretsManager(credentials.secretsKey),
      ...(this.usesIam ? {} : { DB_PASSWORD: ecs.Secret.fromSecretsManager(database.secret, 'password') }),
    };
  }

  private output(outputs: Record<string, [value: string, description: string]>): void {
    for (const [name, [value, description]] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value, description });
    }
  }

  private warn(domain: Domain): void {
    const { domainName } = this.environmentOf;
    const warnings = Annotations.of(this);
    if (domain.certificate === undefined) {
      const way = domainName === undefined ? 'set domain_name with hosted_zone_name or certificate_arn' : 'set hosted_zone_name or certificate_arn';
      warnings.addWarningV2('ccag:http', `There is no certificate, so keys and prompts travel by plain HTTP: ${way}.`);
    }
    if (domain.certificate !== undefined && domainName === undefined) {
      warnings.addWarningV2('ccag:name', "There is a certificate but no domain_name, so GatewayUrl is the load balancer's own name, for which the certificate is not valid: set domain_name.");
    }
    if (this.options.imageTag === undefined && this.options.imageDigest === undefined) {
      warnings.addWarningV2('ccag:latest', 'Neither imageTag nor imageDigest is given, so the image tagged "latest" is deployed: pass -c imageTag=VERSION.');
    }
  }
}
