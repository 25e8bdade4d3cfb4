import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between a client and KillBill: counts requests, and loses answers of what KillBill has carried out. */
export class LossyProxy implements AsyncDisposable {
  /** Requests that have come, such as `POST /1.0/kb/accounts`. */
  readonly seen: string[] = [];
  readonly #target: string;
  readonly #server = createServer((incoming, answer) => this.#forward(incoming, answer));
  readonly #losses: { readonly path: RegExp; left: number }[] = [];

  private constructor(target: string) {
    this.#target = target;
  }

  static async start(target: string): Promise<LossyProxy> {
    const proxy = new LossyProxy(target);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** KillBill carries out the next POST to such a path, and its answer is lost. */
  loseAnswers(path: RegExp, times = 1): void {
    this.#losses.push({ path, left: times });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = incoming;
    this.seen.push(`${method} ${url.split('?')[0]}`);
    const loss = this.#losses.find(({ path, left }) => left > 0 && method === 'POST' && path.test(url));
    if (loss) loss.left -= 1;
    const { host } = new URL(this.#target);
    const outgoing = request(this.#target + url, { method, headers: { ...headers, host } }, (said) => {
      if (loss) {
        said.resume().on('end', () => incoming.socket.destroy());
        return;
      }
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    outgoing.on('error', () => incoming.socket.destroy());
    incoming.pipe(outgoing);
  }
}
