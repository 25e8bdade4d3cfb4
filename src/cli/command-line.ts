import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { componentNames } from '../components.ts';
import { releases } from '../concertim/profile.ts';
import { ConfigError } from '../config/problems.ts';
import { printable } from '../runtime/printable.ts';
import { explain } from '../runtime/severity.ts';
import { version } from '../runtime/version.ts';
import type { AllowDeletionsOptions } from './allow-deletions.ts';
import type { BillingOptions } from './billing.ts';
import type { CheckConfigOptions } from './check-config.ts';
import type { DecommissionOptions } from './decommission.ts';
import type { DoctorOptions } from './doctor.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExplainOptions } from './explain.ts';
import type { HealthCommandOptions } from './health.ts';
import type { MetricsOptions } from './metrics.ts';
import type { PauseOptions } from './pause.ts';
import type { PlanOptions } from './plan.ts';
import { defaultTimeoutSeconds } from './progress.ts';
import type { RunOptions } from './run-components.ts';
import type { SandboxCommandOptions } from './sandbox.ts';
import type { StatusOptions } from './status.ts';
import { StoppedError } from './stop-signal.ts';
import { UsageError } from './usage-error.ts';

const firstSteps = `
First use, in this order; each says what to do next:
  doctor        until it finds nothing
  plan          to see what a run would change
  run           to keep the portal in step
  status        while it runs`;

const configOption = () =>
  new Option(
    '-c, --config <file>',
    'configuration (default: $CONCERTIM_OPENSTACK_SERVICE_CONFIG, else /etc/concertim-openstack-service/config.yaml)',
  );
const allowDeletions = (what: string) => new Option('--allow-deletions', what);

const timeout = (
  what = 'give up when a service has answered nothing within this time',
  seconds = defaultTimeoutSeconds,
) => new Option('--timeout <seconds>', what).argParser(wholeSeconds).default(seconds);

const logFormat = () =>
  new Option(
    '--log-format <format>',
    'format of the log on standard output (default: pretty on a terminal, else json)',
  ).choices(['json', 'pretty']);

/**
 * The commands; each gives the process's exit code to `exit`. What a command needs is loaded when it is called: `health`
 * is called often, and the sandbox would double the time that the service takes to start.
 */
export function commandLine(exit: (code: number) => void): Command {
  const program = new Command('concertim-openstack-service')
    // Inherited by the commands: what commander says of a wrong command line is thrown, and ends with its own code.
    .exitOverride()
    .description(
      'Shows an OpenStack cloud in Concertim: stacks as racks; servers, volumes and networks as devices.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', firstSteps);

  program
    .command('run')
    .description('run the service, or some of its components')
    .argument('[components...]', `any of ${componentNames.join(', ')}; default: all`)
    .addOption(configOption())
    .option('--once', 'run one cycle, then exit: 0 if all went well, 1 if anything failed')
    .addOption(
      allowDeletions(
        'delete objects that are missing from OpenStack, however many: look at `plan --allow-deletions` first',
      ),
    )
    .addOption(logFormat())
    .action(async (names: string[], options: RunOptions) =>
      exit(await (await import('./run.ts')).run(names, options)),
    );

  program
    .command('plan')
    .description('print what a run would change, and why; exit 0 in step, 2 not in step, 1 error')
    .addOption(configOption())
    .option('--json', 'print JSON, as docs/cli.md describes it')
    .option('--all', 'print every line, however many')
    .addOption(timeout())
    .addOption(allowDeletions('show what `run --allow-deletions` would delete'))
    .action(async (options: PlanOptions) => exit(await (await import('./plan.ts')).plan(options)));

  program
    .command('explain')
    .description(
      'print why a server, volume, network, stack, rack or device is shown as it is, or is not shown',
    )
    .argument('<object>', 'id or name, in OpenStack or in the portal')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .addOption(timeout())
    .action(async (object: string, options: ExplainOptions) =>
      exit(await (await import('./explain.ts')).explain(object, options)),
    );

  program
    .command('metrics')
    .description('print the measures of an instance, and how its figures are computed')
    .requiredOption('--instance <id>', 'id of the instance in Nova')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .addOption(timeout())
    .action(async (options: MetricsOptions) => exit(await (await import('./metrics.ts')).metrics(options)));

  const billing = program.command('billing').description('print what is billed, and where it comes from');
  billing
    .command('plan')
    .description(
      'print what usage would be recorded with the billing platform, and why; exit 0 nothing to do, 2 something to do',
    )
    .addOption(configOption())
    .option('--json', 'print JSON')
    .addOption(timeout())
    .action(async (options: BillingOptions) =>
      exit(await (await import('./billing.ts')).billingPlan(options)),
    );
  billing
    .command('explain')
    .description('print where the cost and the usage of a stack come from')
    .argument('<stack>', 'id in Heat, or the name in the order of the stack')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .addOption(timeout())
    .action(async (stack: string, options: BillingOptions) =>
      exit(await (await import('./billing.ts')).billingExplain(stack, options)),
    );

  program
    .command('health')
    .description('check whether the components on this machine work; exit 0 if so, else 1')
    .argument('[components...]', `any of ${componentNames.join(', ')}; default: all`)
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action(async (names: string[], options: HealthCommandOptions) =>
      exit(await (await import('./health.ts')).health(names, options)),
    );

  program
    .command('doctor')
    .description(
      'check everything the service depends on; exit 0 all is well, 2 errors, 3 warnings or something not checked',
    )
    .addOption(configOption())
    .option('--json', 'print JSON')
    .option('--fix', 'create what the APIs of OpenStack can create: roles, users, grants, archive policies')
    .option('--yes', 'with --fix: make each change without a question')
    .option(
      '--test-event',
      'create and delete a key pair in Nova, and check that both notifications arrive over RabbitMQ',
    )
    .addOption(timeout('time that one request may take', 4))
    .action(async (options: DoctorOptions) => exit(await (await import('./doctor.ts')).doctor(options)));

  program
    .command('status')
    .description('print what the running components did and are doing; exit 1 when one does not work')
    .addOption(configOption())
    .option('--url <url...>', 'query processes elsewhere, as http://host:port')
    .option('--watch', 'repeat every two seconds, until Ctrl-C')
    .option('--json', 'print JSON')
    .addOption(timeout('time that one process may take to answer', 3))
    .action(async (options: StatusOptions) => exit(await (await import('./status.ts')).status(options)));

  program
    .command('pause')
    .description('stop writing to the portal, for example during its upgrade; the service keeps running')
    .option('--reason <text>', 'shown by status, doctor, health and the status page')
    .addOption(configOption())
    .action(async (options: PauseOptions) => exit(await (await import('./pause.ts')).pause(options)));

  program
    .command('resume')
    .description('end a pause: write to the portal again, beginning with a full run')
    .addOption(configOption())
    .action(async (options: PauseOptions) => exit(await (await import('./pause.ts')).resume(options)));

  program
    .command('allow-deletions')
    .description(
      'print what the service would delete if it held nothing back, and let the running service do so once with --yes; exit 0 nothing to delete, or allowed; 2 something to delete',
    )
    .addOption(configOption())
    .option(
      '--yes',
      'allow it: the next full run may delete what this command lists, and nothing else that is held',
    )
    .option('--json', 'print JSON, as docs/cli.md describes it for plan')
    .option('--all', 'print every line, however many')
    .addOption(timeout())
    .action(async (options: AllowDeletionsOptions) =>
      exit(await (await import('./allow-deletions.ts')).allowDeletions(options)),
    );

  program
    .command('decommission')
    .description(
      'print what the service has made in the portal, and remove it with --yes; exit 0 nothing is left, 2 something is left',
    )
    .addOption(configOption())
    .option('--yes', 'remove it: from the portal, and the queues in RabbitMQ; stop the service first')
    .option('--json', 'print JSON, as docs/cli.md describes it for plan')
    .option('--all', 'print every line, however many')
    .addOption(timeout())
    .action(async (options: DecommissionOptions) =>
      exit(await (await import('./decommission.ts')).decommission(options)),
    );

  program
    .command('check-config')
    .description('print the effective configuration, secrets hidden; exit 78 when it is wrong')
    .addOption(configOption())
    .action(async (options: CheckConfigOptions) =>
      exit((await import('./check-config.ts')).checkConfig(options)),
    );

  program
    .command('sandbox')
    .description('simulate a cloud and a portal in one process, to try the service')
    .option('--with-service', 'run the service against them too')
    .addOption(
      new Option('--portal <release>', 'release of Concertim to simulate').choices(releases).default('main'),
    )
    .option(
      '--rmq <url>',
      "RabbitMQ to publish the cloud's notifications to, such as amqp://guest:guest@127.0.0.1/",
    )
    .option('--seed <number>', 'seed of what happens: the same seed gives the same events', wholeNumber, 1)
    .option('--projects <number>', 'number of projects, each with a portal user', wholeNumber, 3)
    .option('--stacks <number>', 'number of stacks (default: two for each project)', wholeNumber)
    .option('--servers <number>', 'number of servers in each stack', wholeNumber, 4)
    .addOption(
      new Option('--clouds <number>', 'number of clouds, each with so many projects and stacks')
        .choices(['1', '2', '3', '4'])
        .default('1'),
    )
    .option('--shared-keystone', 'the clouds are regions of one Keystone')
    .option('--step <seconds>', 'time between two events', wholeNumber, 5)
    .option('--still', 'no events')
    .option('--latency <milliseconds>', 'time added to every answer', wholeNumber, 0)
    .addOption(
      new Option(
        '--portal-speed <speed>',
        'real: the portal answers as slowly as a real one (default: as fast as it can)',
      ).choices(['real']),
    )
    .addOption(
      new Option(
        '--rating <storage>',
        'give the cloud a CloudKitty with this storage (default: none)',
      ).choices(['v1', 'v2']),
    )
    .option('--killbill', 'make a simulated KillBill the billing platform')
    .addOption(logFormat())
    .action(async (options: SandboxCommandOptions) =>
      exit(await (await import('./sandbox.ts')).sandbox(options)),
    );

  return program;
}

function wholeSeconds(text: string): number {
  const seconds = wholeNumber(text);
  if (seconds > 0 && seconds <= mostSeconds) return seconds;
  throw new InvalidArgumentError(`It must be from 1 to ${mostSeconds}.`);
}

/** The longest `--timeout`, a day: far less than a timer can wait, and more than anybody waits at a prompt. */
const mostSeconds = 86_400;

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/**
 * The Python services were started with `driver.py run=<component>`, since 2024 with `driver.py --process=<component>` and
 * `--run_once` or `-t` for one cycle.
 */
export function withOldSpelling(args: readonly string[]): readonly string[] {
  const given = args.slice(args.findIndex((arg) => /(^|\/)driver\.py$/.test(arg)) + 1);
  const names = given.flatMap((arg, at) => {
    if (given[at - 1] === '--process') return [arg];
    return /^(?:run|--process)=(.+)$/.exec(arg)?.slice(1) ?? [];
  });
  if (names.length === 0) return given;
  const rest = given.filter(
    (arg, at) => !/^(?:run=|--process(?:=|$))/.test(arg) && given[at - 1] !== '--process',
  );
  const now = (arg: string) => (arg === '--run_once' || arg === '-t' ? '--once' : arg);
  return ['run', ...names, ...rest.map(now)];
}

/** `completion SHELL`, whose script a shell sources, and the hidden `complete`, which that script calls. */
async function addCompletion(program: Command): Promise<void> {
  const { default: tab } = await import('@bomb.sh/tab/commander');
  tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('print the completion script of a shell: bash, zsh or fish');
}

/** Runs one command line to its end. @returns the exit code */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.success;
  try {
    const program = commandLine((given) => {
      code = given;
    });
    const words = withOldSpelling(args);
    // Loaded only where no command of ours is called: every other start would pay for it.
    if (!program.commands.some((command) => command.name() === words[0])) await addCompletion(program);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    console.error(printable(explain(error)));
    if (error instanceof StoppedError) return error.exitCode;
    if (error instanceof UsageError) return exitCodes.usage;
    return error instanceof ConfigError ? exitCodes.configuration : exitCodes.failure;
  }
  return code;
}
