import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { version } from '../runtime/version.ts';
import { nameSchemas } from './named-schemas.ts';
import type { TypedApp } from './typed-app.ts';

/** Has the routes that are added to `app` from now on described by `app.swagger()`, in OpenAPI 3.1. */
export async function describeApi(app: TypedApp): Promise<void> {
  nameSchemas();
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'concertim-openstack-service',
        description: 'What Concertim asks of the cloud.',
        version,
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
      // Only where a secret is configured.
      security: [{ bearer: [] }, {}],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
}
