import { readdirSync, readFileSync } from 'node:fs';

/** One run of a real portal's job: what it sent, and what became of the answer that it got then. */
export interface RecordedJob {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    /** '' when there was none. */
    readonly body: Readonly<Record<string, unknown>> | '';
  };
}

const folder = new URL('../fixtures/concertim/jobs/', import.meta.url);

/** The jobs of a generation of the portal, `A` (2023) or `B` (2024), that ask something this service does. */
export function recordedJobs(generation: 'A' | 'B'): RecordedJob[] {
  const own = new URL(`${generation}/`, folder);
  return readdirSync(own).map((file) => {
    const { request_seen_by_companion: seen } = JSON.parse(readFileSync(new URL(file, own), 'utf8')) as {
      request_seen_by_companion: RecordedJob['request'][];
    };
    const [request] = seen;
    if (!request) throw new Error(`${file} holds no request`);
    return { name: `${generation}/${file.replace('.json', '')}`, request };
  });
}
