/** What the running gateway may do in AWS. Each wildcard has its reason beside it. */
import { Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

/** The roles for endpoints in other accounts, where the operator names none. */
const ASSUMABLE = 'iam::*:role/ccag-*';

interface Grant {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Why each wildcard among them is there. */
  readonly reason: string;
}

/** Lets `role` use Bedrock and what belongs to it. */
export function permit(role: iam.Role, assumeRoleArns: readonly string[] | undefined): void {
  const { partition, account } = Stack.of(role);
  const arn = (rest: string) => `arn:${partition}:${rest}`;
  const grants: Grant[] = [
    {
      sid: 'InvokeClaude',
      actions: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream', 'bedrock:CountTokens'],
      resources: [
        arn('bedrock:*::foundation-model/anthropic.*'),
        arn(`bedrock:*:${account}:inference-profile/*anthropic.*`),
        arn(`bedrock:*:${account}:application-inference-profile/*`),
      ],
      reason: 'Claude only, in any version. An inference profile sends a request to several regions, so the region is open; application inference profiles have ids that say nothing.',
    },
    {
      sid: 'ApplyGuardrails',
      actions: ['bedrock:ApplyGuardrail'],
      resources: [arn(`bedrock:*:${account}:guardrail/*`)],
      reason: 'Admins choose a guardrail of this account for an endpoint, in the portal, and clients may name one.',
    },
    {
      sid: 'FindModels',
      actions: ['bedrock:ListInferenceProfiles', 'bedrock:GetInferenceProfile', 'bedrock:ListFoundationModels'],
      resources: ['*'],
      reason: 'Lists have no resource that they could be limited to, and a profile is looked up before its ARN is known. Read only.',
    },
    {
      sid: 'ReadQuotas',
      actions: ['servicequotas:ListServiceQuotas', 'servicequotas:GetServiceQuota'],
      resources: ['*'],
      reason: 'Quotas have no ARN before they were changed once. Read only.',
    },
    {
      sid: 'AssumeEndpointRoles',
      actions: ['sts:AssumeRole', 'sts:TagSession'],
      resources: assumeRoleArns ?? [arn(ASSUMABLE)],
      reason: 'Endpoints in other accounts, which their admins add in the portal: only roles with this prefix, and only where the role trusts the gateway. assume_role_arns narrows it.',
    },
    {
      sid: 'Notify',
      actions: ['sns:Publish'],
      resources: [arn(`sns:*:${account}:*`)],
      reason: 'Admins choose topics of this account as destinations of notifications, in the portal.',
    },
    {
      sid: 'PutEvents',
      actions: ['events:PutEvents'],
      resources: [arn(`events:*:${account}:event-bus/*`)],
      reason: 'Admins choose event buses of this account as destinations of notifications, in the portal.',
    },
  ];
  for (const { sid, actions, resources } of grants) {
    role.addToPolicy(new iam.PolicyStatement({ sid, actions: [...actions], resources: [...resources] }));
  }
  Validations.of(role).acknowledge(
    ...grants.flatMap(({ resources, reason }) =>
      resources
        .filter((resource) => resource.includes('*'))
        .map((resource) => resource.replace(partition, '<AWS::Partition>'))
        .map((resource) => ({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason })),
    ),
    {
      // ECS Exec (infra/bastion.sh); CDK adds it.
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Lists and quotas as said beside them; and ssmmessages of ECS Exec, which knows no resources.',
    },
  );
}
