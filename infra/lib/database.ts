/** PostgreSQL on RDS, its login in Secrets Manager, and the rotation of its password. */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';

/** The name of the database and of its role. */
export const NAME = 'proxy';

export interface DatabaseProps {
  readonly vpc: ec2.IVpc;
}

export class Database extends Construct {
  readonly instance: rds.DatabaseInstance;
  /** Holds `username`, `password`, `host` and `port` as JSON. */
  readonly secret: NonNullable<rds.DatabaseInstance['secret']>;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      // The major version only, so that RDS's own minor upgrades are not undone by a deployment.
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_16 }),
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.SMALL),
      vpc: props.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      databaseName: NAME,
      credentials: rds.Credentials.fromGeneratedSecret(NAME),
      // Always possible, so that rds_iam_auth is turned on and off without touching the instance.
      iamAuthentication: true,
      allocatedStorage: 20,
      maxAllocatedStorage: 100,
      storageType: rds.StorageType.GP2,
      storageEncrypted: true,
      backupRetention: Duration.days(7),
      databaseInsightsMode: rds.DatabaseInsightsMode.STANDARD,
      enablePerformanceInsights: true,
      performanceInsightRetention: rds.PerformanceInsightRetention.DEFAULT,
      monitoringInterval: Duration.seconds(60),
      cloudwatchLogsExports: ['postgresql'],
      autoMinorVersionUpgrade: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    const { secret } = this.instance;
    if (secret === undefined) {
      throw new Error('the database has no secret');
    }
    this.secret = secret;
    // The gateway reads the new password when the database refuses the old one.
    this.instance.addRotationSingleUser({ automaticallyAfter: Duration.days(30) });
    this.acknowledge();
  }

  private acknowledge(): void {
    Validations.of(this.instance).acknowledge(
      {
        id: 'AwsSolutions-RDS3',
        reason: 'One zone, as the cost of a small deployment asks for. The gateway goes on serving known keys while the database fails over or is away; Multi-AZ can be turned on at the instance.',
      },
      {
        id: 'AwsSolutions-RDS11',
        reason: 'The standard port: the database is reachable from the tasks and the rotation only, and an odd port would hide nothing from them.',
      },
    );
    const monitoring = this.instance.node.tryFindChild('MonitoringRole') as iam.Role | undefined;
    if (monitoring !== undefined) {
      Validations.of(monitoring).acknowledge({
        id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole]',
        reason: "AWS's own policy for this one purpose: RDS writes the metrics of its operating system to CloudWatch Logs.",
      });
    }
  }
}
