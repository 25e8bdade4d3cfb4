import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addPage } from '../../web/page.ts';
import type { OutboundContext } from '../portal/outbound/outbound-context.ts';
import { requestStatusChange } from '../portal/outbound/status-change.ts';
import type { Portal } from '../portal/portal.ts';
import type { SandboxCloud } from '../sandbox-cloud.ts';
import { addCloudActions } from './cloud-actions.ts';
import type { Feed } from './feed.ts';
import { deviceDetails, rackDetails } from './views.ts';

export interface ViewOptions {
  readonly portal: Portal;
  readonly outbound: OutboundContext;
  readonly clouds: readonly SandboxCloud[];
  readonly feed: Feed;
}

const Params = z.object({ id: z.coerce.number().int() });
const StatusChange = z.object({ task: z.string() });

/**
 * The sandbox's page at the portal's root, and below `/sandbox/` what it shows and does. Unlike the portal's API it asks
 * nobody to sign in.
 */
export function addView(app: FastifyInstance, options: ViewOptions): void {
  void app.register(async (page) => addPage(page, 'sandbox'));
  void app.register(async (below) => addData(below, options), { prefix: '/sandbox' });
}

function addData(app: FastifyInstance, { portal, outbound, clouds, feed }: ViewOptions): void {
  // The portal reads bodies itself, whatever they are said to be. Here only JSON is taken, which no other site can send.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  );
  app.addHook('preClose', async () => feed.close());
  app.get('/events', (_, reply) => feed.open(reply));
  for (const [kind, details] of [
    ['racks', (id: number) => find(portal.racks.get(id), (rack) => rackDetails(rack, portal))],
    ['devices', (id: number) => find(portal.devices.get(id), (device) => deviceDetails(device, portal))],
  ] as const) {
    app.get(`/${kind}/:id`, (request, reply) => {
      const found = details(Params.parse(request.params).id);
      return found ? reply.send(found) : reply.code(404).send({ error: 'It is not there any more.' });
    });
    app.post(`/${kind}/:id/request_status_change`, async (request, reply) => {
      const object = portal[kind].get(Params.parse(request.params).id);
      if (!object) return reply.code(404).send({ error: 'It is not there any more.' });
      const { task } = StatusChange.parse(request.body);
      const answer = await requestStatusChange(outbound, object, { task });
      return reply
        .code(answer.success ? 200 : 400)
        .send(answer.success ? answer : { error: answer.errors.join(' ') });
    });
  }
  addCloudActions(app, clouds);
}

function find<Row>(row: Row | undefined, details: (row: Row) => Record<string, unknown>) {
  return row === undefined ? undefined : details(row);
}
