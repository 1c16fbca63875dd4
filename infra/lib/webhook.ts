/** Tells a webhook (Slack, PagerDuty, …) of each alarm's change of state, as JSON. */
import { Duration, SecretValue } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';

export interface WebhookProps {
  readonly url: string;
  readonly alarms: readonly cloudwatch.Alarm[];
}

export class Webhook extends Construct {
  constructor(scope: Construct, id: string, props: WebhookProps) {
    super(scope, id);
    const connection = new events.Connection(this, 'Connection', {
      description: 'EventBridge demands an authorisation. Webhooks carry theirs in the URL, so this header only tells who sends.',
      authorization: events.Authorization.apiKey('x-ccag-source', SecretValue.unsafePlainText('ccag-alarms')),
    });
    const destination = new events.ApiDestination(this, 'Destination', {
      connection,
      endpoint: props.url,
      httpMethod: events.HttpMethod.POST,
      rateLimitPerSecond: 5,
    });
    const detail = (name: string) => events.EventField.fromPath(`$.detail.${name}`);
    new events.Rule(this, 'Rule', {
      description: 'Changes of state of the alarms of CCAG, to a webhook',
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        resources: props.alarms.map((alarm) => alarm.alarmArn),
      },
      targets: [
        new targets.ApiDestination(destination, {
          retryAttempts: 10,
          maxEventAge: Duration.hours(1),
          event: events.RuleTargetInput.fromObject({
            alarmName: detail('alarmName'),
            state: detail('state.value'),
            reason: detail('state.reason'),
            description: detail('configuration.description'),
            timestamp: events.EventField.time,
          }),
        }),
      ],
    });
  }
}
