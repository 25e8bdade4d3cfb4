/*
 * For `node --import`: the package under its own name is its sources, so that the examples run from a checkout as they
 * stand, with nothing built.
 */
import { registerHooks } from 'node:module';

const name = 'concertim-openstack-service';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== name && !specifier.startsWith(`${name}/`)) return next(specifier, context);
    const door = specifier.slice(name.length);
    return next(new URL(`../../src${door}/index.ts`, import.meta.url).href, context);
  },
});
