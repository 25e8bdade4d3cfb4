import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
interface Reply {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/** The questions that a child process answers, by name. */
// oxlint-disable-next-line typescript/no-explicit-any -- each question has an argument of its own
export type Answers = Readonly<Record<string, (argument: any) => unknown>>;

type AnswerOf<A extends Answers, Name extends keyof A> = Awaited<ReturnType<A[Name]>>;

/** A process of its own that answers questions: what is measured shares neither its event loop nor its memory. */
export class Child<A extends Answers> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', ({ id, answer, error }: Reply) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(error));
    });
    process.once('exit', (code, signal) => {
      const error = new Error(`${process.spawnargs[1]} ended (${code ?? signal}) before it had answered.`);
      for (const waiting of this.#waiting.values()) waiting.reject(error);
      this.#waiting.clear();
    });
  }

  /** Starts a file of this folder; it is there when its `answerQuestions` is. */
  static async start<A extends Answers>(
    file: string,
    argument: unknown,
    options: { readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<Child<A>> {
    const started = fork(new URL(file, import.meta.url), [JSON.stringify(argument)], {
      execArgv: [],
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await Promise.race([
      once(started, 'message'),
      once(started, 'exit').then(() => Promise.reject(new Error(`${file} did not start.`))),
    ]);
    return new Child<A>(started);
  }

  async ask<Name extends keyof A & string>(
    name: Name,
    argument?: Parameters<A[Name]>[0],
  ): Promise<AnswerOf<A, Name>> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#process.send({ id, name, argument } satisfies Question);
    return waiting.promise as Promise<AnswerOf<A, Name>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    // It then ends by itself, and may still write what it has found out about itself.
    this.#process.disconnect();
    await gone;
  }
}

/** In the child: the argument that it was started with. */
export function childArgument(): unknown {
  return JSON.parse(process.argv[2] ?? 'null');
}

/** In the child: says that it is ready, and answers until the parent ends. */
export function answerQuestions(answers: Answers): void {
  process.on('message', ({ id, name, argument }: Question) => {
    const work = async () => answers[name]?.(argument);
    work().then(
      (answer) => process.send?.({ id, answer } satisfies Reply),
      (error: unknown) => process.send?.({ id, error: String(error) } satisfies Reply),
    );
  });
  process.once('disconnect', () => process.exit());
  process.send?.('ready');
}
