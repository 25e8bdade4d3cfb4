import type { Cycles } from './render-soak.ts';

/** A series' value in a scrape of our own metrics; undefined where it is not among them. */
export function figureIn(scrape: string, series: string): number | undefined {
  const begin = `concertim_openstack_${series} `;
  const line = scrape.split('\n').find((line) => line.startsWith(begin));
  return line === undefined ? undefined : Number(line.slice(begin.length).split(' ')[0]);
}

/** Full runs since the start, of whichever process was the writer then. */
export function fullRunsIn(texts: readonly string[]): { count: number; seconds: number } {
  const sumOf = (figure: string) => texts.reduce((sum, text) => sum + (figureIn(text, figure) ?? 0), 0);
  return {
    count: sumOf('reconcile_duration_seconds_count{scope="full"}'),
    seconds: sumOf('reconcile_duration_seconds_sum{scope="full"}'),
  };
}

/** Of metrics, since the start. */
export function cyclesIn(text: string): Cycles {
  const ended = (outcome: string) => figureIn(text, `metrics_cycles_total{outcome="${outcome}"}`) ?? 0;
  return { complete: ended('complete'), partial: ended('partial'), failed: ended('failed') };
}

/** What V8 holds for its heap, live or not: of a process's memory the part that is not the C library's. */
export function heapMiBIn(text: string): number {
  return (figureIn(text, 'nodejs_heap_size_total_bytes') ?? 0) / 1024 ** 2;
}
