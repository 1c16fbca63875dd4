/** The gateway itself: an ECS cluster, the task, the service on Fargate, and how it grows. */
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { permit } from './permissions';

/** The container's name, which `bastion.sh` uses too. */
export const CONTAINER = 'ccag';
export const PORT = 8080;
/** Where the image keeps the usage journal. */
const DATA = '/var/lib/ccag';

export interface ServiceProps {
  readonly vpc: ec2.IVpc;
  readonly image: ecs.ContainerImage;
  readonly environment: Record<string, string>;
  readonly secrets: Record<string, ecs.Secret>;
  readonly desiredCount: number;
  readonly assumeRoleArns?: readonly string[] | undefined;
}

export class Service extends Construct {
  readonly cluster: ecs.Cluster;
  readonly taskRole: iam.Role;
  readonly logGroup: logs.LogGroup;
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, props: ServiceProps) {
    super(scope, id);
    this.cluster = new ecs.Cluster(this, 'Cluster', {
      vpc: props.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
      // What is typed and shown in a session may be personal, so it does not go to the log. CloudTrail has who opened one.
      executeCommandConfiguration: { logging: ecs.ExecuteCommandLogging.NONE },
    });
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.taskRole = new iam.Role(this, 'TaskRole', {
      description: 'What the running gateway may do',
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    permit(this.taskRole, props.assumeRoleArns);
    this.service = new ecs.FargateService(this, 'Service', {
      cluster: this.cluster,
      taskDefinition: this.task(props),
      // No desiredCount: it would set a service that has grown back to its smallest size with each deployment. Autoscaling
      // keeps at least desired_count tasks.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      enableExecuteCommand: true,
      // Migrations run before the gateway listens.
      healthCheckGracePeriod: Duration.seconds(120),
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    });
    this.grow(props.desiredCount);
  }

  private task(props: ServiceProps): ecs.FargateTaskDefinition {
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: 512,
      memoryLimitMiB: 1024,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: this.taskRole,
      volumes: [{ name: 'data' }],
    });
    // The root file system stays writable for root alone, because ECS Exec's agent needs that; the gateway is not root.
    const linuxParameters = new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true });
    const container = task.addContainer(CONTAINER, {
      image: props.image,
      environment: props.environment,
      secrets: props.secrets,
      linuxParameters,
      portMappings: [{ containerPort: PORT, name: 'http' }],
      logging: ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: CONTAINER, mode: ecs.AwsLogDriverMode.NON_BLOCKING }),
      healthCheck: {
        command: ['CMD', '/usr/local/bin/ccag', 'healthcheck'],
        interval: Duration.seconds(15),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(120),
      },
      // The longest that Fargate waits: 110 s of draining and 10 s for the last usage records.
      stopTimeout: Duration.seconds(120),
    });
    container.addMountPoints({ sourceVolume: 'data', containerPath: DATA, readOnly: false });
    Validations.of(task).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason: 'What stands in the environment is no secret: addresses, names and switches. Secrets come from Secrets Manager.',
    });
    const execution = task.obtainExecutionRole();
    Validations.of(execution as iam.Role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ecr:GetAuthorizationToken knows no resources; only where the image is in ECR.',
    });
    return task;
  }

  private grow(desiredCount: number): void {
    const scaling = this.service.autoScaleTaskCount({ minCapacity: desiredCount, maxCapacity: desiredCount * 5 });
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 70 });
    scaling.scaleOnMemoryUtilization('Memory', { targetUtilizationPercent: 80 });
  }
}

/** The image: from ECR where a repository is named, else from a public registry; a digest outranks a tag. */
export function image(
  scope: Construct,
  from: { ecrRepositoryName?: string | undefined; imageRepository: string },
  version: { imageTag?: string | undefined; imageDigest?: string | undefined },
): ecs.ContainerImage {
  const tagOrDigest = version.imageDigest ?? version.imageTag ?? 'latest';
  if (from.ecrRepositoryName !== undefined) {
    const repository = ecr.Repository.fromRepositoryName(scope, 'Repository', from.ecrRepositoryName);
    return ecs.ContainerImage.fromEcrRepository(repository, tagOrDigest);
  }
  const separator = version.imageDigest === undefined ? ':' : '@';
  return ecs.ContainerImage.fromRegistry(`${from.imageRepository}${separator}${tagOrDigest}`);
}
