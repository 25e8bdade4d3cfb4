import type { ProjectId, StackId } from '../openstack/model.ts';
import { listRated, readProjectTotals } from '../openstack/rating.ts';
import type { Session } from '../openstack/session.ts';
import type { Costs } from '../plan/costs.ts';
import type { Clock } from '../runtime/clock.ts';
import { isoDate, monthOf } from '../runtime/month.ts';
import type { StackLedger } from './stack-ledger.ts';

export interface CostReaderOptions {
  readonly session: Session;
  readonly ledger: StackLedger;
  readonly clock: Clock;
}

/** Reads what the cloud has rated this month, in one request whatever the size of the cloud. */
export class CostReader {
  readonly #options: CostReaderOptions;

  constructor(options: CostReaderOptions) {
    this.#options = options;
  }

  /** @returns undefined: the cloud has no CloudKitty, which does not mean costs of 0 */
  async read(signal?: AbortSignal): Promise<Costs | undefined> {
    const { session, ledger, clock } = this.#options;
    ledger.readAhead();
    const ratedBy = await session.addressOf('rating', signal);
    if (ratedBy === undefined) return undefined;
    const month = monthOf(clock.now());
    const rated = await listRated(session, { ...month, signal });
    const ofProject = new Map<ProjectId, number>();
    const ofResource = new Map<string, number>();
    for (const { id, projectId, rate } of rated ?? []) {
      ofResource.set(id, (ofResource.get(id) ?? 0) + rate);
      ofProject.set(projectId, (ofProject.get(projectId) ?? 0) + rate);
    }
    return {
      ratedBy,
      ofResource: rated && ofResource,
      ofProject: rated ? ofProject : await readProjectTotals(session, month, signal),
      members: (await ledger.membersDuring(month)) as Map<StackId, Set<string>>,
      period: { start: isoDate(month.begin), end: isoDate(month.end) },
    };
  }

  /** Notes which resources belong to which stack now, because their costs still count after they are deleted. */
  async note(members: ReadonlyMap<string, readonly string[]>): Promise<void> {
    await this.#options.ledger.note(members, this.#options.clock.now());
  }
}
