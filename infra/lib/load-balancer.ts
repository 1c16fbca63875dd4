/** The public load balancer, with HTTPS where there is a certificate, and where it sends requests. */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** Longer than any silence of a model that thinks: streams are never cut for it. */
const IDLE = Duration.seconds(900);
/** A little longer than the gateway drains (110 s), so that it is the gateway which ends streams, and says so. */
const DEREGISTRATION = Duration.seconds(120);

export interface LoadBalancerProps {
  readonly vpc: ec2.IVpc;
  /** Without one, the listener is plain HTTP. */
  readonly certificate?: acm.ICertificate | undefined;
  /** Without any, everybody may come. */
  readonly allowedCidrs?: readonly string[] | undefined;
  readonly accessLogs: boolean;
}

export class LoadBalancer extends Construct {
  readonly balancer: elb.ApplicationLoadBalancer;
  readonly targetGroup: elb.ApplicationTargetGroup;

  constructor(scope: Construct, id: string, props: LoadBalancerProps) {
    super(scope, id);
    this.balancer = new elb.ApplicationLoadBalancer(this, 'Balancer', {
      vpc: props.vpc,
      internetFacing: true,
      idleTimeout: IDLE,
      dropInvalidHeaderFields: true,
    });
    this.targetGroup = new elb.ApplicationTargetGroup(this, 'Targets', {
      vpc: props.vpc,
      port: 8080,
      protocol: elb.ApplicationProtocol.HTTP,
      targetType: elb.TargetType.IP,
      deregistrationDelay: DEREGISTRATION,
      // Streams last: fewest outstanding requests spreads them better than turns do.
      loadBalancingAlgorithmType: elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: '/health',
        interval: Duration.seconds(15),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
        healthyHttpCodes: '200',
      },
    });
    this.listen(props);
    this.log(props.accessLogs);
  }

  private listen(props: LoadBalancerProps): void {
    const ports = props.certificate === undefined ? [80] : [443, 80];
    const open = props.allowedCidrs === undefined;
    if (props.certificate === undefined) {
      this.balancer.addListener('Http', { port: 80, open, defaultTargetGroups: [this.targetGroup] });
    } else {
      this.balancer.addListener('Https', {
        port: 443,
        open,
        certificates: [props.certificate],
        sslPolicy: elb.SslPolicy.TLS13_RES,
        defaultTargetGroups: [this.targetGroup],
      });
      this.balancer.addListener('Redirect', {
        port: 80,
        open,
        defaultAction: elb.ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
      });
    }
    for (const cidr of props.allowedCidrs ?? []) {
      const peer = cidr.includes(':') ? ec2.Peer.ipv6(cidr) : ec2.Peer.ipv4(cidr);
      for (const port of ports) {
        this.balancer.connections.allowFrom(peer, ec2.Port.tcp(port), `allowed_cidrs: ${cidr}`);
      }
    }
    if (open) {
      const [group] = this.balancer.connections.securityGroups;
      if (group !== undefined) {
        Validations.of(group).acknowledge({
          id: 'AwsSolutions-EC23',
          reason: 'Public unless allowed_cidrs says otherwise: developers come from anywhere, and each request needs a key.',
        });
      }
    }
  }

  private log(on: boolean): void {
    if (!on) {
      Validations.of(this.balancer).acknowledge({
        id: 'AwsSolutions-ELB2',
        reason: 'Access logs are an option (access_logs): the gateway logs and counts each request itself.',
      });
      return;
    }
    const bucket = new s3.Bucket(this, 'AccessLogs', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(30) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'It holds access logs; logs of who reads them would need a bucket of their own, without end.',
    });
    this.balancer.logAccessLogs(bucket);
  }
}
