import { describePause, WritePause } from '../../runtime/write-pause.ts';
import { type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

const check = 'config.pause';

/** Whether somebody has paused writing, and has perhaps forgotten to end that. */
export async function checkPause({ config: { dataDir }, clock }: Patient): Promise<Finding> {
  const paused = await new WritePause({ dataDir, clock }).look();
  if (!paused) return ok(check, 'Writing to the portal is not paused');
  return warning(check, {
    found: `Writing to the portal is ${describePause(paused)}`,
    why: 'The portal does not follow the cloud meanwhile.',
    repair: 'concertim-openstack-service resume',
  });
}
