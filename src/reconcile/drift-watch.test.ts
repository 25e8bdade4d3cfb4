import { expect, test } from 'vitest';
import { device, emptyPlan, portal } from '../../test/support/builders.ts';
import type { Reference, ServerId } from '../openstack/model.ts';
import type { Change } from '../plan/change.ts';
import { indexPortal } from '../plan/portal-index.ts';
import { Subjects } from '../plan/subject.ts';
import { DriftWatch, type FullRun } from './drift-watch.ts';

const announced = (id: string): Reference => ({
  kind: 'server',
  id: id as ServerId,
  projectId: undefined,
  deleted: false,
});

/** A run that had to change the device of server `web`, and failed at something else. */
function incompleteRun(): FullRun {
  const shown = device({ metadata: { openstack_instance_id: 'web' } });
  const known = portal({ devices: [shown] });
  const done: readonly Change[] = [
    {
      kind: 'update-device',
      device: shown,
      patch: { status: 'STOPPED' },
      reason: 'it differs from its server',
      reasonCode: 'device-differs',
    },
  ];
  const subjects = new Subjects(emptyPlan(), known);
  return {
    done,
    subjectOf: (change) => subjects.of(change),
    known,
    read: indexPortal(known),
    rootOfStack: new Map(),
    remembered: new Map(),
    isComplete: false,
  };
}

function watch(): DriftWatch {
  const drift = new DriftWatch();
  drift.setListening(true);
  drift.begin().end(incompleteRun());
  return drift;
}

test('as long as runs fail at something, what was announced before them counts', () => {
  const drift = watch();
  drift.hear([announced('web')]);

  drift.begin().end(incompleteRun());
  drift.begin().end(incompleteRun());

  expect(drift.begin().drift).toEqual([]);
});

test('though they always do, no more is remembered than the latest 20,000', () => {
  const drift = watch();
  drift.hear([announced('web')]);
  for (let number = 1; number <= 20_000; number++) drift.hear([announced(`other-${number}`)]);

  drift.begin().end(incompleteRun());

  expect(drift.begin().drift).toMatchObject([{ object: 'device', name: 'device' }]);
});
