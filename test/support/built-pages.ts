import { buildOlderPages } from '../../scripts/build-pages.ts';

/** Before all tests, once: the pages that are tested are those of the sources. */
export async function setup(): Promise<void> {
  await buildOlderPages();
}
