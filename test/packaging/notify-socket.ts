import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Whether this machine has what takes the place of systemd in a test, and what the service tells systemd by. */
export const hasNotifySocket = ['python3', 'systemd-notify'].every(
  (program) => spawnSync(program, ['--version']).status === 0,
);

/** Receives datagrams, which Node cannot, and prints each as a line of JSON. */
const receiver = `
import json, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print('[]', flush=True)
while True:
    print(json.dumps(receiver.recv(65536).decode().split('\\n')), flush=True)
`;

/** No test of a unit takes longer, ms: what it has started then ends, so that one that waits in vain ends too. */
export const longestUnitTestMs = 55_000;

/** What systemd would be on the other end of `$NOTIFY_SOCKET`. */
export class NotifySocket implements AsyncDisposable {
  readonly path: string;
  /** The assignments of each datagram so far; those that only ask whether they were read left out. */
  readonly received: string[][] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(path: string, child: ChildProcess) {
    this.path = path;
    this.#child = child;
    this.#closed = once(child, 'close');
  }

  static async open(folder: string): Promise<NotifySocket> {
    const path = join(folder, 'notify');
    const child = spawn('python3', ['-c', receiver, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: longestUnitTestMs,
    });
    const socket = new NotifySocket(path, child);
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) socket.#take(JSON.parse(line) as string[]);
    });
    await once(child, 'datagram');
    return socket;
  }

  /** Resolves when there is, or was, such an assignment. @param after leaves so many datagrams out */
  async saw(assignment: RegExp, after = 0): Promise<void> {
    const ended = this.#closed.then(() => true);
    while (!this.received.slice(after).some((texts) => texts.some((text) => assignment.test(text)))) {
      const hasEnded = await Promise.race([once(this.#child, 'datagram').then(() => false), ended]);
      if (hasEnded) throw new Error(`${assignment} never came, but ${JSON.stringify(this.received)}`);
    }
  }

  /** All assignments so far but the status, each once. */
  get kinds(): Set<string> {
    return new Set(this.received.flat().filter((text) => !text.startsWith('STATUS=')));
  }

  #take(datagram: string[]): void {
    if (datagram[0] !== 'BARRIER=1') this.received.push(datagram);
    this.#child.emit('datagram');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#closed;
  }
}
