import type { Server } from '../cloud/compute.ts';
import type { Call } from './call.ts';
import { Refusal } from './refusal.ts';
import { type ServerView, serverJson, serverLinks, shownServerBody } from './server-body.ts';
import { seconds, zoneless } from './times.ts';

/**
 * What Nova answers while it does not reach the database of a cell: it waits for that, then lists what the other cells have.
 * https://docs.openstack.org/api-guide/compute/down_cells.html
 */

/** The microversion from which on Nova tells what it knows of servers and services in a cell that is down. */
export const sinceStubs = 69;

/** Every query over all cells waits for the one that is down. */
export async function waitForCell({ cloud }: Call): Promise<void> {
  const { downCell } = cloud.compute;
  if (downCell && downCell.waitMs > 0) await cloud.options.clock.sleep(downCell.waitMs);
}

/** Nova's words for users who may not see internal errors. */
export function unreachableCell(): Refusal {
  return new Refusal(
    500,
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class 'nova.exception.NovaException'>",
  );
}

/**
 * Nova cannot change a server in the cell that is down.
 *
 * @throws {Refusal} 500 where it is in the cell that is down
 */
export function reachable(call: Call, server: Server): Server {
  if (call.cloud.compute.isUnreachable(server)) throw unreachableCell();
  return server;
}

/** A row of a list. */
export function listedServer(call: Call, server: Server, view: ServerView): string {
  if (!call.cloud.compute.isUnreachable(server)) return serverJson(server, view);
  const { id, projectId, createdAt } = server;
  return JSON.stringify({
    id,
    status: 'UNKNOWN',
    tenant_id: projectId,
    created: seconds(createdAt),
    links: serverLinks(id, view.base),
  });
}

/**
 * One server. Of a server in the cell that is down Nova knows only what its creation request said.
 *
 * @throws {Refusal} 500 where the microversion has no such answer
 */
export async function shownServer(call: Call, server: Server, view: ServerView): Promise<unknown> {
  const whole = shownServerBody(server, view);
  if (!call.cloud.compute.isUnreachable(server)) return whole;
  await waitForCell(call);
  if (view.minor < sinceStubs) throw unreachableCell();
  const { id, tenant_id, user_id, created, image, flavor, links, server_groups } = whole;
  return {
    id,
    tenant_id,
    user_id,
    created,
    image,
    flavor,
    links,
    ...(server_groups === undefined ? {} : { server_groups }),
    status: 'UNKNOWN',
    'OS-EXT-AZ:availability_zone': 'UNKNOWN',
    'OS-EXT-STS:power_state': 0,
  };
}

interface ComputeService {
  readonly binary: string;
  readonly host: string;
  readonly status: string;
}

/** `GET /os-services`: of nova-compute on each host. */
export async function computeServices(call: Call, minor: number): Promise<readonly ComputeService[]> {
  await waitForCell(call);
  const { compute } = call.cloud;
  const isDown = (host: string) => compute.downCell?.hosts.has(host) === true;
  return compute.hosts
    .filter((host) => !isDown(host) || minor >= sinceStubs)
    .map((host, number) =>
      isDown(host)
        ? { binary: 'nova-compute', host, status: 'UNKNOWN' }
        : {
            id: minor >= 53 ? `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000` : number,
            binary: 'nova-compute',
            host,
            zone: 'nova',
            status: 'enabled',
            state: 'up',
            updated_at: zoneless(call.cloud.options.clock.now()),
            disabled_reason: null,
            ...(minor >= 11 ? { forced_down: false } : {}),
          },
    );
}
