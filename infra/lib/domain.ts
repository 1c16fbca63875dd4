/** The domain: the certificate behind HTTPS, and the record that leads to the load balancer. */
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as targets from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';

export interface DomainProps {
  readonly domainName?: string | undefined;
  readonly hostedZoneName?: string | undefined;
  readonly certificateArn?: string | undefined;
}

export class Domain extends Construct {
  /** The given certificate, else one made by DNS validation where there is a zone for it, else none. */
  readonly certificate?: acm.ICertificate;
  private readonly zone?: route53.IHostedZone;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DomainProps,
  ) {
    super(scope, id);
    const { domainName, hostedZoneName, certificateArn } = props;
    if (hostedZoneName !== undefined) {
      this.zone = route53.HostedZone.fromLookup(this, 'Zone', { domainName: hostedZoneName });
    }
    if (certificateArn !== undefined) {
      this.certificate = acm.Certificate.fromCertificateArn(this, 'Certificate', certificateArn);
    } else if (domainName !== undefined && this.zone !== undefined) {
      this.certificate = new acm.Certificate(this, 'Certificate', {
        domainName,
        validation: acm.CertificateValidation.fromDns(this.zone),
      });
    }
  }

  /** Lets the domain name lead to `balancer`, where its zone is known. */
  pointTo(balancer: elb.ApplicationLoadBalancer): void {
    const { domainName } = this.props;
    if (domainName !== undefined && this.zone !== undefined) {
      new route53.ARecord(this, 'Record', {
        zone: this.zone,
        recordName: domainName,
        target: route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(balancer)),
      });
    }
  }
}
