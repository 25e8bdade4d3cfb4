import { createInterface } from 'node:readline/promises';
import { askStatuses, statusPlaces } from '../ask-status.ts';
import { type LoadedConfig, loadConfigWithSettings } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { describeDiagnosis, worstOf } from '../doctor/describe.ts';
import { type Diagnosis, examine, examineTestEvent } from '../doctor/examine.ts';
import { error, type Finding, type Remedy } from '../doctor/finding.ts';
import { admit, type Patient } from '../doctor/patient.ts';
import { applyRemedy, describeRemedy } from '../doctor/repair.ts';
import { printable } from '../runtime/printable.ts';
import { explain } from '../runtime/severity.ts';
import { exitCodes } from './exit-codes.ts';
import { jsonText } from './json-text.ts';
import { screenSize } from './screen-size.ts';
import { stopSignal } from './stop-signal.ts';
import { UsageError } from './usage-error.ts';

export interface DoctorOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly fix?: boolean;
  readonly yes?: boolean;
  readonly testEvent?: boolean;
  /** How long one request may take, s. */
  readonly timeout: number;
}

/** A role that was made can be given only then: each round may find what the one before made possible. */
const mostRounds = 3;

/** `doctor`: what stands in the way of the service, and what repairs it. @returns its exit code */
export async function doctor(options: DoctorOptions): Promise<number> {
  if (options.yes && !options.fix) {
    throw new UsageError(
      '--yes needs --fix: without it the doctor changes nothing.',
      'Give both, or neither.',
    );
  }
  const loaded = load(options.config);
  if ('findings' in loaded) return print(loaded, options);
  // `status` reports whatever answers there without being a component.
  const running = await askStatuses(statusPlaces(loaded.config)).catch(() => []);
  await using patient = admit(loaded, { running, timeoutMs: options.timeout * 1_000 });
  using stop = stopSignal();
  const onWait = (why: string) => console.error(printable(why));
  let diagnosis = await examine(patient, stop.signal, onWait);
  const declined = new Set<string>();
  for (let round = 0; options.fix && round < mostRounds; round++) {
    const mendable = diagnosis.findings.filter(
      (finding) => finding.remedy && !declined.has(remedyOf(finding, finding.remedy)),
    );
    if (mendable.length === 0 && round === 0) console.error('nothing was found that --fix makes');
    if (!(await treat(patient, mendable, { ...options, declined }, stop.signal))) break;
    diagnosis = await examine(patient, stop.signal, onWait);
  }
  if (options.testEvent) diagnosis = await examineTestEvent(patient, diagnosis, stop.signal);
  return print(diagnosis, options);
}

function load(file: string | undefined): LoadedConfig | Diagnosis {
  try {
    return loadConfigWithSettings({ file });
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const findings = cause.problems.map((problem) =>
      error('config.file', {
        found: problem,
        why: 'The service does not start with it.',
        repair:
          cause.hint ??
          'Change it there; config.example.yaml has every key. Then: concertim-openstack-service check-config',
      }),
    );
    return {
      findings,
      unchecked: [{ check: 'everything else', because: 'the configuration cannot be used' }],
    };
  }
}

const exitCodeOf = { ok: exitCodes.success, warning: exitCodes.warnings, error: exitCodes.difference };

function print(diagnosis: Diagnosis, { json }: DoctorOptions): number {
  const { findings, unchecked } = diagnosis;
  const entries = findings.map(({ remedy, ...finding }) => ({ ...finding, fixable: remedy !== undefined }));
  console.log(
    json
      ? jsonText({ findings: entries, unchecked })
      : printable(describeDiagnosis(diagnosis, screenSize(process.stdout).columns)),
  );
  return exitCodeOf[worstOf(diagnosis)];
}

/**
 * Carries out what the user agrees to, and reports on standard error.
 *
 * @param options.declined gets what is not agreed to
 * @returns whether anything was carried out
 */
async function treat(
  patient: Patient,
  findings: readonly Finding[],
  { yes, declined }: DoctorOptions & { readonly declined: Set<string> },
  signal: AbortSignal,
): Promise<boolean> {
  let isDone = false;
  for (const finding of findings) {
    const { found, remedy } = finding;
    if (!remedy) continue;
    const what = remedyOf(finding, remedy);
    console.error(printable(found));
    if (!(yes || (await agrees(what, signal)))) {
      declined.add(what);
      continue;
    }
    try {
      await applyRemedy(cloudOf(patient, finding), remedy);
      isDone = true;
      console.error(printable(`done: ${what}`));
    } catch (cause) {
      console.error(printable(`failed: ${what}: ${explain(cause)}`));
    }
  }
  return isDone;
}

/** What a repair does, and where. */
function remedyOf({ cloud }: Finding, remedy: Remedy): string {
  return describeRemedy(remedy) + (cloud === undefined ? '' : ` in cloud ${cloud}`);
}

function cloudOf(patient: Patient, { cloud }: Finding): Patient['cloud'] {
  const other = patient.others.find(({ place }) => place.name === cloud);
  return (other ?? patient).cloud;
}

/** No answer, as of a process without a terminal, is a no. */
async function agrees(what: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // While it waits for the answer, the terminal takes Ctrl-C for itself.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
  try {
    const answer = await Promise.race([terminal.question(printable(`${what}? [y/N] `), { signal }), closed]);
    if (answer === undefined) {
      console.error('\nnot done: nobody is there to answer; --fix --yes does not ask');
      return false;
    }
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    terminal.close();
  }
}
