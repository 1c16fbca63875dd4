/** The alarms of the guide, what feeds them, and whom they tell. */
import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { VARIANTS, synthesise } from './support';

const { template } = synthesise();
const ABOVE = 'GreaterThanThreshold';

/** Name, metric, statistic, comparison, threshold, seconds of a period, periods. */
const ALARMS: [string, string, string, string, number, number, number][] = [
  ['Alb5xx', 'HTTPCode_ELB_5XX_Count', 'Sum', ABOVE, 5, 300, 1],
  ['Target5xx', 'HTTPCode_Target_5XX_Count', 'Sum', ABOVE, 10, 300, 1],
  ['UnhealthyTargets', 'UnHealthyHostCount', 'Maximum', 'GreaterThanOrEqualToThreshold', 1, 60, 2],
  ['HighLatency', 'TargetResponseTime', 'p99', ABOVE, 120, 300, 3],
  ['DbCpu', 'CPUUtilization', 'Average', ABOVE, 80, 300, 3],
  ['DbStorage', 'FreeStorageSpace', 'Minimum', 'LessThanThreshold', 2147483648, 300, 1],
  ['DbConnections', 'DatabaseConnections', 'Maximum', ABOVE, 80, 300, 2],
  ['AppErrors', 'Errors', 'Sum', ABOVE, 5, 300, 1],
];

for (const [name, metric, statistic, comparison, threshold, period, periods] of ALARMS) {
  test(`the alarm ${name} has the threshold of the guide and tells the topic`, () => {
    const found = Object.entries(template.findResources('AWS::CloudWatch::Alarm')).filter(([id]) => id.includes(`${name}Alarm`));
    assert.equal(found.length, 1);
    const alarm = found[0]?.[1]['Properties'];
    assert.deepEqual(
      [alarm.MetricName, alarm.Statistic ?? alarm.ExtendedStatistic, alarm.ComparisonOperator, alarm.Threshold, alarm.Period, alarm.EvaluationPeriods],
      [metric, statistic, comparison, threshold, period, periods],
    );
    assert.equal(alarm.TreatMissingData, 'notBreaching');
    assert.match(JSON.stringify(alarm.AlarmActions), /AlarmsTopic/);
  });
}

test('there are eight alarms and one topic', () => {
  template.resourceCountIs('AWS::CloudWatch::Alarm', ALARMS.length);
  template.resourceCountIs('AWS::SNS::Topic', 1);
});

test('errors are counted by the level of a line of JSON, and panics before the log begins', () => {
  const patterns = Object.values(template.findResources('AWS::Logs::MetricFilter')).map((filter) => filter['Properties']);
  assert.deepEqual(patterns.map(({ FilterPattern }) => FilterPattern).sort(), ['%^thread .* panicked at%', '{ $.level = "ERROR" }']);
  for (const { MetricTransformations } of patterns) {
    assert.deepEqual([MetricTransformations[0].MetricNamespace, MetricTransformations[0].MetricName], ['CCAG/Application', 'Errors']);
  }
});

test('a webhook gets the JSON of the guide for each change of state', () => {
  const { template } = synthesise(VARIANTS['webhook']);
  template.hasResourceProperties('AWS::Events::ApiDestination', { InvocationEndpoint: 'https://hooks.example.com/T0/B0', HttpMethod: 'POST' });
  const [rule] = Object.values(template.findResources('AWS::Events::Rule'));
  const { EventPattern, Targets } = rule?.['Properties'];
  assert.deepEqual([EventPattern.source, EventPattern['detail-type'], EventPattern.resources.length], [['aws.cloudwatch'], ['CloudWatch Alarm State Change'], 8]);
  const { InputPathsMap, InputTemplate } = Targets[0].InputTransformer;
  const filled = Object.entries(InputPathsMap as Record<string, string>).reduce((text, [name, path]) => text.replace(`<${name}>`, JSON.stringify(path)), InputTemplate as string);
  assert.deepEqual(JSON.parse(filled), {
    alarmName: '$.detail.alarmName',
    state: '$.detail.state.value',
    reason: '$.detail.state.reason',
    description: '$.detail.configuration.description',
    timestamp: '$.time',
  });
});

test('without a webhook nothing of EventBridge is made', () => {
  for (const type of ['AWS::Events::Rule', 'AWS::Events::Connection', 'AWS::Events::ApiDestination']) {
    template.resourceCountIs(type, 0);
  }
});

test('the dashboard shows what the alarms watch', () => {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const body = JSON.stringify(dashboard?.['Properties'].DashboardBody);
  for (const [, metric] of ALARMS) {
    assert.ok(body.includes(metric), metric);
  }
  template.hasOutput('DashboardUrl', { Value: 'https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2#dashboards:name=CCAG' });
});
