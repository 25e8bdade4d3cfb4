import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answer, refuse } from './answers.ts';
import { scalar } from './attributes.ts';
import { Call } from './call.ts';
import { deviceListJson } from './device-json.ts';
import {
  createNode,
  deleteDevice,
  deviceAttributes,
  showDevice,
  updateDevice,
  visibleDevices,
} from './devices.ts';
import { deleteTeam, deleteUser } from './owner-deletion.ts';
import type { Portal } from './portal.ts';
import {
  createRack,
  deleteRack,
  rackAttributes,
  rackJson,
  rackWithDevicesJson,
  updateRack,
  visibleRacks,
} from './racks.ts';
import { inWordsOf, missing, noSuchRecord, noSuchRoute, Refusal, unauthorized } from './refusal.ts';
import { authenticate, notSignedIn, refuseVisitor, signIn, signOut } from './sign-in.ts';
import {
  createTemplate,
  deleteTemplate,
  templateAttributes,
  templateBody,
  updateTemplate,
} from './templates.ts';
import {
  soleUserJson,
  teamAttributes,
  teamJson,
  updateTeam,
  updateUser,
  userAttributes,
  userJson,
  visibleTeams,
  visibleUsers,
} from './users.ts';

/** The API of a release, as far as this service uses it. */
export function addRoutes(
  app: FastifyInstance,
  portal: Portal,
  beforeInsertion: () => Promise<unknown>,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((_request, reply) => refuse(reply, noSuchRoute()));
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refusal) return refuse(reply, inWordsOf(portal.rules, error));
    throw error;
  });

  const signedIn =
    (respond: (call: Call) => string | Promise<string>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      const caller = authenticate(portal, request);
      if (caller instanceof Refusal) return refuseVisitor(portal, request, reply, caller);
      return answer(reply, 200, await respond(new Call(request, caller)));
    };
  const change = (url: string, respond: (call: Call) => string) =>
    app.route({ method: ['PATCH', 'PUT'], url, handler: signedIn(respond) });

  const { accountsPath, pages } = portal.rules;
  for (const path of new Set(['/users', accountsPath])) {
    app.post(`${path}/sign_in`, (request, reply) => signIn(portal, request, reply));
    app.post(`${path}/sign_in.json`, (request, reply) => signIn(portal, request, reply));
  }
  app.get(`${accountsPath}/sign_out.json`, (request, reply) => {
    signOut(portal, request);
    return reply.code(204).send();
  });
  if (accountsPath !== '/users') {
    app.get(`${accountsPath}/sign_in`, (_request, reply) =>
      answer(reply, 200, '{"login":null,"password":null}'),
    );
  }
  for (const path of pages) {
    app.get(path, (request, reply) => refuseVisitor(portal, request, reply, unauthorized(notSignedIn)));
  }
  if (portal.rules.owner === 'team') {
    app.get(
      '/api/v1/teams',
      signedIn(({ caller }) => list(visibleTeams(portal, caller), (user) => teamJson(portal, user))),
    );
    change('/api/v1/teams/:id', (call) =>
      updateTeam(portal, call.caller, call.find(portal, portal.users), call.root('team', teamAttributes)),
    );
    app.delete(
      '/api/v1/teams/:id',
      signedIn((call) => {
        deleteTeam(portal, call.caller, call.find(portal, portal.users), call.recurse);
        return '{}';
      }),
    );
  }

  app.get(
    '/api/v1/users',
    signedIn(({ caller }) => list(visibleUsers(portal, caller), (user) => userJson(portal, user))),
  );
  app.get(
    '/api/v1/users/current',
    signedIn(({ caller }) => soleUserJson(portal, caller)),
  );
  change('/api/v1/users/:id', (call) =>
    updateUser(portal, call.caller, call.find(portal, portal.users), call.root('user', userAttributes)),
  );
  if (portal.rules.userDeletion) {
    app.delete(
      '/api/v1/users/:id',
      signedIn((call) => {
        deleteUser(portal, call.caller, call.find(portal, portal.users), call.recurse);
        return '{}';
      }),
    );
  }

  app.get(
    '/api/v1/templates',
    signedIn(() => {
      const rackable = portal.templates.all().filter((template) => template.rackable);
      return list(rackable, (template) => JSON.stringify(templateBody(portal, template)));
    }),
  );
  app.post(
    '/api/v1/templates',
    signedIn((call) => {
      const template = createTemplate(portal, call.caller, call.root('template', templateAttributes));
      return JSON.stringify(templateBody(portal, template));
    }),
  );
  change('/api/v1/templates/:id', (call) => {
    const template = call.find(portal, portal.templates);
    const attributes = call.root('template', templateAttributes);
    return JSON.stringify(templateBody(portal, updateTemplate(portal, call.caller, template, attributes)));
  });
  app.delete(
    '/api/v1/templates/:id',
    signedIn((call) => {
      deleteTemplate(portal, call.caller, call.find(portal, portal.templates), call.recurse);
      return '{}';
    }),
  );

  app.get(
    '/api/v1/racks',
    signedIn(({ caller }) => list(visibleRacks(portal, caller), (rack) => rackJson(portal, rack, caller))),
  );
  app.get(
    '/api/v1/racks/:id',
    signedIn((call) => rackWithDevicesJson(portal, call.find(portal, portal.racks), call.caller)),
  );
  app.post(
    '/api/v1/racks',
    signedIn(async (call) => {
      const insert = createRack(portal, call.caller, call.root('rack', rackAttributes, { mayBeEmpty: true }));
      await beforeInsertion();
      return insert();
    }),
  );
  change('/api/v1/racks/:id', (call) =>
    updateRack(
      portal,
      call.caller,
      call.find(portal, portal.racks),
      call.root('rack', rackAttributes, { mayBeEmpty: true }),
    ),
  );
  app.delete(
    '/api/v1/racks/:id',
    signedIn((call) => {
      deleteRack(portal, call.caller, call.find(portal, portal.racks), call.recurse);
      return '{}';
    }),
  );

  app.get(
    '/api/v1/devices',
    signedIn(({ caller }) =>
      list(visibleDevices(portal, caller), (device) => deviceListJson(portal, device)),
    ),
  );
  app.get(
    '/api/v1/devices/:id',
    signedIn((call) => showDevice(portal, call.caller, call.find(portal, portal.devices))),
  );
  app.post(
    '/api/v1/nodes',
    signedIn(async (call) => {
      const templateId = scalar(call.parameters.all, 'template_id');
      if (templateId === undefined || templateId === null || templateId === '') throw missing('template_id');
      const attributes = call.root('device', []);
      const template = portal.templates.get(portal.ids.read(templateId));
      if (!template) throw noSuchRecord();
      const insert = createNode(portal, call.caller, template, attributes);
      await beforeInsertion();
      return insert();
    }),
  );
  change('/api/v1/devices/:id', (call) =>
    updateDevice(
      portal,
      call.caller,
      call.find(portal, portal.devices),
      call.root('device', deviceAttributes),
    ),
  );
  app.delete(
    '/api/v1/devices/:id',
    signedIn((call) => {
      deleteDevice(portal, call.caller, call.find(portal, portal.devices));
      return '{}';
    }),
  );
}

function list<Row>(rows: readonly Row[], toJson: (row: Row) => string): string {
  return `[${rows.map(toJson).join(',')}]`;
}
