/** The alarms of the deployment, all told to one SNS topic, and the log filters behind one of them. */
import { Duration, Validations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface AlarmsProps {
  readonly balancer: elb.ApplicationLoadBalancer;
  readonly targetGroup: elb.ApplicationTargetGroup;
  readonly database: rds.DatabaseInstance;
  readonly logGroup: logs.LogGroup;
  /** Where the metric of application errors is kept, apart from other deployments of the account. */
  readonly stackName: string;
}

/** What is measured, for alarms and dashboard alike. */
export interface Metrics {
  readonly balancerErrors: cloudwatch.IMetric;
  readonly targetErrors: cloudwatch.IMetric;
  readonly unhealthyTargets: cloudwatch.IMetric;
  readonly latency: cloudwatch.IMetric;
  readonly databaseCpu: cloudwatch.IMetric;
  readonly databaseStorage: cloudwatch.IMetric;
  readonly databaseConnections: cloudwatch.IMetric;
  readonly applicationErrors: cloudwatch.IMetric;
}

const GIB = 1024 ** 3;
const FIVE_MINUTES = Duration.minutes(5);

export class Alarms extends Construct {
  readonly topic: sns.Topic;
  readonly metrics: Metrics;
  readonly all: cloudwatch.Alarm[] = [];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic', { displayName: `${props.stackName} alarms`, enforceSSL: true });
    Validations.of(this.topic).acknowledge({
      id: 'AwsSolutions-SNS2',
      reason: "CloudWatch cannot publish to a topic under AWS's own key, and a key of its own costs more than it protects: alarms hold no secret.",
    });
    this.metrics = this.measure(props);
    this.watch(this.metrics);
  }

  private measure({ balancer, targetGroup, database, logGroup, stackName }: AlarmsProps): Metrics {
    const sum = { statistic: 'Sum', period: FIVE_MINUTES };
    return {
      balancerErrors: balancer.metrics.httpCodeElb(elb.HttpCodeElb.ELB_5XX_COUNT, sum),
      targetErrors: targetGroup.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, sum),
      unhealthyTargets: targetGroup.metrics.unhealthyHostCount({ statistic: 'Maximum', period: Duration.minutes(1) }),
      latency: targetGroup.metrics.targetResponseTime({ statistic: 'p99', period: FIVE_MINUTES }),
      databaseCpu: database.metricCPUUtilization({ statistic: 'Average', period: FIVE_MINUTES }),
      databaseStorage: database.metricFreeStorageSpace({ statistic: 'Minimum', period: FIVE_MINUTES }),
      databaseConnections: database.metricDatabaseConnections({ statistic: 'Maximum', period: FIVE_MINUTES }),
      applicationErrors: this.countErrors(logGroup, stackName),
    };
  }

  /** Two filters into one metric: lines of JSON with the level ERROR, and what a process says that panics before it logs. */
  private countErrors(logGroup: logs.LogGroup, stackName: string): cloudwatch.IMetric {
    const into = { logGroup, metricNamespace: `${stackName}/Application`, metricName: 'Errors', metricValue: '1' };
    new logs.MetricFilter(this, 'ErrorLines', {
      ...into,
      filterPattern: logs.FilterPattern.stringValue('$.level', '=', 'ERROR'),
      defaultValue: 0,
    });
    new logs.MetricFilter(this, 'PanicLines', {
      ...into,
      // The gateway logs caught panics as ERROR; a line of JSON begins with a brace, this one does not.
      filterPattern: logs.FilterPattern.literal('%^thread .* panicked at%'),
    });
    return new cloudwatch.Metric({
      namespace: into.metricNamespace,
      metricName: into.metricName,
      statistic: 'Sum',
      period: FIVE_MINUTES,
    });
  }

  private watch(metrics: Metrics): void {
    const above = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD;
    const atLeast = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
    const below = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD;
    this.alarm('Alb5xxAlarm', metrics.balancerErrors, above, 5, 1, 'The load balancer answers with errors of its own, such as 504 when a target is silent too long.');
    this.alarm('Target5xxAlarm', metrics.targetErrors, above, 10, 1, 'The gateway answers with 5xx: Bedrock, the database or the gateway itself fails.');
    this.alarm('UnhealthyTargetsAlarm', metrics.unhealthyTargets, atLeast, 1, 2, 'Tasks fail their health check.');
    this.alarm('HighLatencyAlarm', metrics.latency, above, 120, 3, 'One request in a hundred waits more than two minutes for its first byte.');
    this.alarm('DbCpuAlarm', metrics.databaseCpu, above, 80, 3, 'The CPU of the database is busy.');
    this.alarm('DbStorageAlarm', metrics.databaseStorage, below, 2 * GIB, 1, 'Less than 2 GiB of storage are free at the database.');
    this.alarm('DbConnectionsAlarm', metrics.databaseConnections, above, 80, 2, 'The connections of the database come near their limit.');
    this.alarm('AppErrorsAlarm', metrics.applicationErrors, above, 5, 1, 'The gateway logs errors or panics: see its log.');
  }

  private alarm(
    id: string,
    metric: cloudwatch.IMetric,
    comparisonOperator: cloudwatch.ComparisonOperator,
    threshold: number,
    evaluationPeriods: number,
    alarmDescription: string,
  ): void {
    const alarm = new cloudwatch.Alarm(this, id, {
      metric,
      comparisonOperator,
      threshold,
      evaluationPeriods,
      alarmDescription,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    const tell = new actions.SnsAction(this.topic);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
    this.all.push(alarm);
  }
}
