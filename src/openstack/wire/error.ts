import { z } from 'zod';

/** Where each kind of service puts its message. The first form that fits counts. */
export const ErrorBody = z.union([
  // Keystone, the token check in front of every service, and Heat, whose `explanation` says less.
  z.object({ error: z.object({ message: z.string() }) }).transform((body) => body.error.message),
  // Gnocchi
  z.object({ description: z.string() }).transform((body) => body.description),
  z
    .object({
      description: z.object({
        cause: z.string(),
        reason: z.string().optional(),
        detail: z.unknown().optional(),
      }),
    })
    .transform(({ description: { cause, reason, detail } }) => {
      const more = reason ?? (detail === undefined ? undefined : JSON.stringify(detail));
      return more === undefined ? cause : `${cause}: ${more}`;
    }),
  // WebOb, for a route that the service does not have
  z.object({ message: z.string() }).transform((body) => body.message),
  // Nova and Cinder: { itemNotFound: … }, { badRequest: … }; Neutron: { NeutronError: … }
  z
    .record(z.string(), z.object({ message: z.string() }))
    .transform((body) => Object.values(body)[0]?.message ?? ''),
]);

/**
 * A 404 about the requested object. A 404 for a route that is not there (`"code": "404 Not Found"`), or of a
 * proxy, has another form.
 */
export const NotFoundBody = z.union([
  z.object({ itemNotFound: z.object({ code: z.literal(404) }) }),
  z.object({ code: z.literal(404), error: z.object({ type: z.string() }) }),
  z.object({ error: z.object({ code: z.literal(404) }) }),
  // Neutron, `NetworkNotFound`; a route that it does not have is an `HTTPNotFound`.
  z.object({ NeutronError: z.object({ type: z.string().regex(/(?<!^HTTP)NotFound$/) }) }),
  // Gnocchi
  z.object({ code: z.literal(404), description: z.unknown() }),
]);
