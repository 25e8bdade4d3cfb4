import { unreachable } from '../../src/runtime/unreachable.ts';
import { inflict, ListMemory } from './http-faults.ts';
import type { Cell, FaultName, HttpSystem, Phase } from './matrix.ts';
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
  await using world = await World.create({ exchangeMs: cell.system === 'metric daemon' ? 30 : 200 });
  const { sandbox } = world;
  const memory = new ListMemory();
  const forget =
    cell.fault === 'stale list' && cell.phase !== 'first run' ? memory.watch(sandbox, cell.system) : () => {};
  if (cell.phase !== 'first run') {
    world.start();
    if ((await world.untilRight(mostRecoveryMs)) === undefined)
      throw new Error(`no beginning: ${world.wrong().join('; ')}`);
    await world.pass(60_000);
  }
  forget();
  // What is signed in would not ask Keystone for an hour.
  if (cell.system === 'Keystone') sandbox.cloud.identity.revokeAllTokens();
  const end = await inflict(sandbox, cell, memory);
  if (cell.phase === 'first run') world.start();
  await world.pass(1_000);
  const [status] = await Promise.all([world.askApi(), live(world, cell.phase)]);
  await end();
  const recoveryMs = await world.untilRight(mostRecoveryMs);
  await world.readOwnMetrics();
  const wrong = recoveryMs === undefined ? world.wrong() : [];
  const problems = [...wrong, ...world.harmed(), ...apiProblems(status, cell.fault)];
  if (problems.length > 0) throw new Error(problems.slice(0, 8).join('; '));
  return { recoveryS: (recoveryMs ?? 0) / 1_000 };
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
      for (let step = 0; step < burstSteps; step++) {
        sandbox.tick();
        await world.pass(faultMs / burstSteps);
      }
      return;
    default:
      unreachable(phase);
  }
}

const burstSteps = 60;

/** It has an answer for its caller, and blames nobody wrongly: 500 would be a defect of ours. */
function apiProblems(status: number, fault: FaultName): string[] {
  return status === 500 ? [`the API answered 500 during "${fault}"`] : [];
}
