import { unreachable } from '../../src/runtime/unreachable.ts';
import { inflict, ListMemory } from './http-faults.ts';
import type { Cell, HttpSystem, Phase } from './matrix.ts';
import { World } from './world.ts';

/** A cell of a system that speaks HTTP. */
export type HttpCell = Cell & { readonly system: HttpSystem };

export function isHttpCell(cell: Cell): cell is HttpCell {
  return cell.system !== 'RabbitMQ';
}

/** What became of a cell. */
export interface CellResult {
  /** From the end of the fault until the portal shows the cloud, figures included; seconds of the scenario's clock. */
  readonly recoveryS: number;
}

/** Longer than from one full run to the next, and than a figure is shown. */
const faultMs = 200_000;
/** Longer than any back-off. */
const mostRecoveryMs = 600_000;

/**
 * One fault with everything that one system says, from before the first run, while little happens, or in the middle of a
 * burst.
 *
 * @throws what does not hold in the end, or was harmed meanwhile
 */
export async function runHttpCell(cell: HttpCell): Promise<CellResult> {
  // The daemon gets every value by itself, and so a time-out for each.
  const timeoutMs = cell.system === 'metric daemon' ? 30 : 200;
  await using world = await World.create({ timeoutMs, ...(hasKinds(cell) && { release: 'main' }) });
  const { sandbox } = world;
  const memory = new ListMemory();
  const forget =
    cell.fault === 'stale list' && cell.phase !== 'first run' ? memory.watch(sandbox, cell.system) : () => {};
  if (cell.phase !== 'first run') {
    await world.start();
    if ((await world.untilRight(mostRecoveryMs)) === undefined)
      throw new Error(`no beginning: ${world.wrong().join('; ')}`);
    await world.pass(60_000);
  }
  forget();
  if (cell.phase === 'burst') await burst(world, stepsBefore);
  // What is signed in would not ask Keystone for an hour.
  if (cell.system === 'Keystone') sandbox.cloud.identity.revokeAllTokens();
  const end = await inflict(sandbox, cell, memory);
  if (cell.phase === 'first run') await world.start();
  await world.pass(1_000);
  const [statuses] = await Promise.all([
    Promise.all((['key pairs', 'a new key pair'] as const).map((wish) => world.ask(wish))),
    live(world, cell.phase),
  ]);
  await end();
  const recoveryMs = await world.untilRight(mostRecoveryMs);
  const problems = [
    ...(recoveryMs === undefined ? world.wrong() : []),
    ...apiProblems(statuses),
    ...(await world.end()),
  ];
  if (problems.length > 0) throw new Error(problems.slice(0, 8).join('; '));
  return { recoveryS: (recoveryMs ?? 0) / 1_000 };
}

/** Volumes and networks are read for portals that show them. */
function hasKinds({ system }: HttpCell): boolean {
  return system === 'Cinder' || system === 'Neutron';
}

/** What happens in the cloud while the fault lasts. */
async function live(world: World, phase: Phase): Promise<void> {
  const { sandbox } = world;
  switch (phase) {
    case 'first run':
    case 'steady':
      await world.pass(20_000);
      sandbox.tick(2);
      await world.pass(faultMs - 20_000);
      return;
    case 'burst':
      await burst(world, stepsDuring);
      return;
    default:
      unreachable(phase);
  }
}

/** A change of the cloud every few seconds: it is going when the fault begins, and goes on until the fault has ended. */
async function burst(world: World, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    world.sandbox.tick();
    await world.pass(faultMs / stepsDuring);
  }
}

const stepsBefore = 10;
const stepsDuring = 60;

/** Whoever asks has an answer, and one that does not blame the service wrongly: 500 would be a defect of ours. */
function apiProblems(statuses: readonly number[]): string[] {
  return statuses
    .filter((status) => status === 0 || status === 500)
    .map((status) => `the API answered ${status}`);
}
