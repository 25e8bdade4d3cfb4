import { z } from 'zod';
import { type Compute, type Server, WrongServerState } from '../cloud/compute.ts';
import type { ServerVerb } from '../cloud/compute-actions.ts';
import type { Call } from './call.ts';
import { parse } from './nova-query.ts';
import { notInSandbox, Refusal } from './refusal.ts';

/** What the names of `POST /servers/{id}/action` come to. */
const verbs: Readonly<Record<string, ServerVerb>> = {
  'os-start': 'start',
  'os-stop': 'stop',
  pause: 'pause',
  unpause: 'unpause',
  suspend: 'suspend',
  resume: 'resume',
  confirmResize: 'confirmResize',
  revertResize: 'revertResize',
  shelve: 'shelve',
  unshelve: 'unshelve',
  forceDelete: 'delete',
};

/** Carries out `POST /servers/{id}/action`. */
export function act(call: Call, server: Server): void {
  const { compute } = call.cloud;
  const [[action, argument] = ['', null]] = Object.entries(call.body);
  const begin = readAction(call, server, action, argument);
  // A server that is not on a host yet is not in a cell, where actions look for it.
  if (server.host === null) throw new Refusal(404, `Instance ${server.id} could not be found.`);
  try {
    begin(compute);
  } catch (error) {
    if (error instanceof WrongServerState) throw new Refusal(409, error.message);
    throw error;
  }
  call.reply.code(action === 'confirmResize' ? 204 : 202);
}

/** What the action comes to. */
function readAction(
  call: Call,
  server: Server,
  action: string,
  argument: unknown,
): (compute: Compute) => void {
  const { id } = server;
  if (action === 'reboot') {
    const { type } = parse(Reboot, argument, action);
    return (compute) => compute.act(id, type.toUpperCase() === 'HARD' ? 'hardReboot' : 'reboot');
  }
  if (action === 'resize') {
    const { flavorRef } = parse(Resize, argument, action);
    const flavor = call.cloud.compute.flavors.get(flavorRef);
    if (!flavor) throw new Refusal(400, `Flavor ${flavorRef} could not be found.`);
    if (flavor === server.flavor) throw new Refusal(400, 'When resizing, instances must change flavor!');
    return (compute) => compute.resizeServer(id, flavor);
  }
  if (action === 'os-resetState') {
    if (!call.isAdmin) {
      const rule = 'os_compute_api:os-admin-actions:reset_state';
      throw new Refusal(403, `Policy doesn't allow ${rule} to be performed.`);
    }
    const { state } = parse(ResetState, argument, action);
    return (compute) => compute.setServerState(id, { vmState: state });
  }
  const verb = verbs[action];
  if (verb) return (compute) => compute.act(id, verb);
  if (otherActions.has(action)) throw notInSandbox(`do ${action}`);
  throw new Refusal(400, `There is no such action: ${action}`);
}

const Reboot = z.object({ type: z.enum(['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']) });
const Resize = z.object({ flavorRef: z.string() });
const ResetState = z.object({ state: z.enum(['active', 'error']) });

/** What Nova can do besides. */
const otherActions = new Set(
  (
    'addFixedIp addFloatingIp addSecurityGroup changePassword createBackup createImage ' +
    'evacuate lock migrate os-getConsoleOutput os-getSerialConsole os-getVNCConsole ' +
    'os-migrateLive rebuild removeFixedIp removeFloatingIp removeSecurityGroup rescue restore ' +
    'shelveOffload trigger_crash_dump unlock unrescue'
  ).split(' '),
);
