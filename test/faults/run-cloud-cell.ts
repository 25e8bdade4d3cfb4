import { inflict, ListMemory } from './http-faults.ts';
import { type CloudCell, systemsOf } from './matrix-clouds.ts';
import type { CellResult } from './run-cell.ts';
import { World } from './world.ts';

/** A cell of a system that speaks HTTP. */
export type HttpCloudCell = CloudCell & { readonly system: Exclude<CloudCell['system'], 'RabbitMQ'> };

export function isHttpCloudCell(cell: CloudCell): cell is HttpCloudCell {
  return cell.system !== 'RabbitMQ';
}

/** Longer than from one full run to the next, and than a figure is shown. */
const faultMs = 200_000;
/** Longer than any back-off. */
const mostRecoveryMs = 600_000;
/** In which the first cloud is shown while the second one is in trouble: as notifications come, without waiting for a full run. */
const mostLagMs = 10_000;
/** Two samples, their way, and a cycle of figures. */
const mostFigureLagMs = 150_000;

/**
 * One fault with everything that one system of the second of two clouds says.
 *
 * @throws what does not hold in the end, what was harmed meanwhile, or what of the first cloud was not shown meanwhile
 */
export async function runHttpCloudCell(cell: HttpCloudCell): Promise<CellResult> {
  const memory = new ListMemory();
  await using world = await World.create({ clouds: ['north', 'south'], release: 'main', timeoutMs: 300 });
  const { sandbox } = world;
  const [north, south] = sandbox.clouds;
  if (!south) throw new Error('the sandbox has one cloud');
  if (cell.phase === 'steady') {
    await world.start();
    if ((await world.untilRight(mostRecoveryMs)) === undefined)
      throw new Error(`no beginning: ${world.wrong().join('; ')}`);
    await world.pass(60_000);
  }
  // What is signed in would not ask Keystone for an hour.
  south.cloud.identity.revokeAllTokens();
  const ends: (() => Promise<void>)[] = [];
  for (const system of systemsOf(cell.system))
    ends.push(await inflict(south, { fault: cell.fault, system }, memory));
  if (cell.phase === 'first run') await world.start();
  const problems: string[] = [];
  const startedAt = world.clock.now();
  // At the start the templates and racks of a whole cloud are made.
  if (cell.phase === 'first run') await world.pass(5_000);
  for (const atMs of [20_000, 40_000]) {
    await world.pass(startedAt + atMs - world.clock.now());
    sandbox.tick();
    const lagMs = await world.untilShown(mostLagMs, [north]);
    if (lagMs === undefined)
      problems.push(...world.outOfStep([north]).map((wrong) => `during the fault: ${wrong}`));
  }
  const statuses = [await world.ask('key pairs'), await world.ask('a new key pair')];
  problems.push(
    ...statuses
      .filter((status) => status >= 400 || status === 0)
      .map((status) => `the API answered ${status}`),
  );
  if ((await world.untilRight(mostFigureLagMs, [north])) === undefined)
    problems.push(...world.wrong([north]).map((wrong) => `during the fault: ${wrong}`));
  await world.pass(Math.max(0, startedAt + faultMs - world.clock.now()));
  for (const end of ends) await end();
  const recoveryMs = await world.untilRight(mostRecoveryMs);
  problems.push(...(recoveryMs === undefined ? world.wrong() : []), ...(await world.end()));
  if (problems.length > 0) throw new Error(problems.slice(0, 8).join('; '));
  return { recoveryS: (recoveryMs ?? 0) / 1_000 };
}
