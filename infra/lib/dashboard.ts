/** The CloudWatch dashboard: what the alarms watch, and what explains it. */
import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { Alarms } from './alarms';

export interface DashboardProps {
  readonly name: string;
  readonly alarms: Alarms;
  readonly balancer: elb.ApplicationLoadBalancer;
  readonly targetGroup: elb.ApplicationTargetGroup;
  readonly service: ecs.FargateService;
}

export class Dashboard extends Construct {
  /** Where the console shows it. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { alarms, balancer, targetGroup, service } = props;
    const { metrics } = alarms;
    const minute = { period: Duration.minutes(1) };
    const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []) =>
      new cloudwatch.GraphWidget({ title, left, right, width: 8, height: 6, liveData: true });
    const { region } = Stack.of(this);
    this.url = `https://${consoleOf(region)}/cloudwatch/home?region=${region}#dashboards:name=${props.name}`;
    new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: props.name,
      defaultInterval: Duration.hours(6),
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: alarms.all, width: 24, height: 3 })],
        [
          graph(
            'Requests and connections',
            [balancer.metrics.requestCount({ statistic: 'Sum', ...minute })],
            [balancer.metrics.activeConnectionCount({ statistic: 'Sum', ...minute })],
          ),
          graph('Time to the first byte', [
            targetGroup.metrics.targetResponseTime({ statistic: 'p50', ...minute }),
            targetGroup.metrics.targetResponseTime({ statistic: 'p95', ...minute }),
            targetGroup.metrics.targetResponseTime({ statistic: 'p99', ...minute }),
          ]),
          graph('Errors', [metrics.balancerErrors, metrics.targetErrors, metrics.applicationErrors]),
        ],
        [
          graph('CPU and memory of the tasks', [
            service.metricCpuUtilization(minute),
            service.metricMemoryUtilization(minute),
          ]),
          graph('Targets', [
            targetGroup.metrics.healthyHostCount({ statistic: 'Minimum', ...minute }),
            metrics.unhealthyTargets,
          ]),
          graph('Rejected and failed connections', [
            balancer.metrics.rejectedConnectionCount({ statistic: 'Sum', ...minute }),
            targetGroup.metrics.targetConnectionErrorCount({ statistic: 'Sum', ...minute }),
          ]),
        ],
        [
          graph('CPU of the database', [metrics.databaseCpu]),
          graph('Connections of the database', [metrics.databaseConnections]),
          graph('Free storage of the database', [metrics.databaseStorage]),
        ],
      ],
    });
  }
}

/** Each partition has a console of its own. */
function consoleOf(region: string): string {
  if (region.startsWith('cn-')) {
    return 'console.amazonaws.cn';
  }
  return region.startsWith('us-gov-') ? 'console.amazonaws-us-gov.com' : `${region}.console.aws.amazon.com`;
}
