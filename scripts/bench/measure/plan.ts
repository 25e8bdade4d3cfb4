import { Child } from '../child.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import type { PlanAnswers } from '../plan-process.ts';
import { type Setting, Stage } from '../stage.ts';

/** Until the engine has seen enough of it. */
const warmUps = 10;

/** `plan` alone, of a portal that is in step. */
export async function measurePlan(setting: Setting): Promise<Figure[]> {
  let planning: Child<PlanAnswers>;
  {
    await using stage = await Stage.set({ ...setting, latencyMs: 0 });
    planning = await Child.start<PlanAnswers>('plan-process.ts', await stage.sandbox.ask('config'));
  }
  await using child = planning;
  for (let at = 0; at < warmUps; at++) await child.ask('ofNewRows');
  const samples: Record<'plan' | 'plan/new rows', Sample[]> = { plan: [], 'plan/new rows': [] };
  for (let at = 0; at < 3 * setting.repetitions; at++) {
    samples['plan/new rows'].push(await child.ask('ofNewRows'));
    await child.ask('inStep');
    samples.plan.push(await child.ask('inStep'));
  }
  return Object.entries(samples).map(([name, of]) => figureOf({ ...setting, name, latencyMs: 0 }, of));
}
