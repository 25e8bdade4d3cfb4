import type { Clock } from '../runtime/clock.ts';
import type { JwtPolicy } from '../runtime/jwt-policy.ts';
import { bearerFault } from './bearer-token.ts';
import { Problem } from './problem.ts';
import type { TypedApp } from './typed-app.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A call of the cluster builder's, which in its release 1.0.0 has no token to send. */
    isForClusterBuilder?: boolean;
  }
}

/** Has the routes that are added to `app` from now on ask for a token, as the policy says. */
export function requireToken(
  app: TypedApp,
  { jwt, clock }: { readonly jwt: JwtPolicy; readonly clock: Clock },
): void {
  if (jwt.kind === 'off') return;
  app.addHook('onRequest', async (request) => {
    const { headers, routeOptions } = request;
    const fault = bearerFault(headers.authorization, {
      policy: jwt,
      isForClusterBuilder: routeOptions.config.isForClusterBuilder ?? false,
      now: clock.now(),
    });
    if (fault) throw new Problem(401, `Not authorised: ${fault}.`, { 'www-authenticate': 'Bearer' });
    request.isPortal = headers.authorization?.startsWith('Bearer ') ?? false;
  });
}
