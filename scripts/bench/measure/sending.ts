import { Agent, request } from 'undici';
import { MetricReporting } from '../../../src/concertim/metric-reporting.ts';
import type { DeviceId } from '../../../src/concertim/model.ts';
import type { Session } from '../../../src/concertim/session.ts';
import { Secret } from '../../../src/runtime/secret.ts';
import { Child } from '../child.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import type { ReceiverAnswers } from '../receiver-process.ts';
import type { Setting } from '../stage.ts';

const concurrencies = [8, 32, 64];
const requests = 5_000;
/** Both in turn, so that what else the machine does hits both; of the first the engine learns. */
const warmUps = 3;

/** How fast figures are sent, beside a bare `undici.request` loop against the same receiver at the same concurrency. */
export async function measureSending({ repetitions }: Setting): Promise<Figure[]> {
  await using receiver = await Child.start<ReceiverAnswers>('receiver-process.ts', null);
  const url = `http://127.0.0.1:${await receiver.ask('port')}`;
  const figures: Figure[] = [];
  for (const concurrency of concurrencies) {
    const samples: Sample[] = [];
    await using sending = new Sending(url, concurrency);
    for (let round = 0; round < warmUps + repetitions; round++) {
      const bare = await sending.rate((id) => sending.bare(id));
      const ours = await sending.rate((id) => sending.ours(id));
      if (round >= warmUps) samples.push({ 'ours /s': ours, 'bare /s': bare, share: ours / bare });
    }
    figures.push(figureOf({ name: `sending/${concurrency} at once`, servers: 0, latencyMs: 0 }, samples));
  }
  return figures;
}

const token = new Secret('x'.repeat(200));
const metric = { name: 'os.instance.cpu_utilization', value: 12.34, units: '%', ttlS: 180 };

class Sending implements AsyncDisposable {
  readonly #url: string;
  readonly #concurrency: number;
  readonly #agent: Agent;
  readonly #reporting: MetricReporting;

  constructor(url: string, concurrency: number) {
    this.#url = url;
    this.#concurrency = concurrency;
    this.#agent = new Agent({ connections: concurrency });
    const session = { token: async () => token, forget() {} } as unknown as Session;
    this.#reporting = new MetricReporting({ url, session, concurrency });
  }

  async bare(id: number): Promise<void> {
    const { body } = await request(`${this.#url}/mrd/${id}/metrics`, {
      dispatcher: this.#agent,
      method: 'PUT',
      headers: { authorization: `Bearer ${token.reveal()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'double', ...metric, slope: 'both', ttl: 180 }),
    });
    await body.text();
  }

  async ours(id: number): Promise<void> {
    await this.#reporting.report(id as DeviceId, metric);
  }

  /** Requests a second. */
  async rate(send: (id: number) => Promise<void>): Promise<number> {
    let next = 0;
    const startedAt = performance.now();
    const work = async () => {
      while (next < requests) await send(next++);
    };
    await Promise.all(Array.from({ length: this.#concurrency }, work));
    return requests / ((performance.now() - startedAt) / 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#agent.close(), this.#reporting.close()]);
  }
}
