/**
 * What `npx cdk` runs: reads the environment and the options of the command line, and synthesises its stack.
 *
 * Options, each as `-c name=value`: environment, imageTag, imageDigest, rdsIamAuth, alarmWebhookUrl.
 */
import * as path from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { EnvironmentsError, ROOT, readEnvironment } from './lib/environments';
import { OptionsError, readOptions } from './lib/options';
import { CcagStack } from './stack';

function main(): void {
  const app = new App();
  const options = readOptions((name) => app.node.tryGetContext(name), process.env);
  // Another place is for tests.
  const file = process.env['CCAG_ENVIRONMENTS'] ?? path.join(ROOT, 'environments.json');
  const environment = readEnvironment(file, options.environment);
  new CcagStack(app, environment, options);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}

try {
  main();
} catch (error) {
  if (!(error instanceof EnvironmentsError || error instanceof OptionsError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
