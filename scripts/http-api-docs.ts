import { apiApp } from '../src/api/api-app.ts';
import { AccountClosings } from '../src/billing/account-closings.ts';
import { NoPlatform } from '../src/billing/none.ts';
import { createLogger } from '../src/observability/logger.ts';
import { Session } from '../src/openstack/session.ts';
import { AuthUrls } from '../src/operations/auth-urls.ts';
import { CloudSessions } from '../src/operations/cloud-sessions.ts';
import { DepartingProjects } from '../src/operations/departing-projects.ts';
import { OwnCloud } from '../src/operations/own-cloud.ts';
import { Repeats } from '../src/operations/repeats.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { Secret } from '../src/runtime/secret.ts';

/** As much of JSON Schema as the API's schemas come to. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}

/** docs/http-api.md: the OpenAPI document in a form for reading, with what the operations share said once. */
export async function renderHttpApi(): Promise<string> {
  const paths = await readPaths();
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'head')
      .map(([method, operation]) => ({ heading: `${method.toUpperCase()} ${path}`, operation })),
  );
  const asking = all.map(({ operation }) => operation).filter(({ requestBody }) => requestBody);
  const shared = Object.entries(asking[0]?.responses ?? {}).filter(
    ([status]) => Number(status) >= 400 && asking.every(({ responses }) => status in responses),
  );
  const login = asking.flatMap(
    ({ requestBody }) => objectOf(schemaOf(requestBody))?.properties?.['cloud_env'] ?? [],
  )[0];
  const isShared = (status: string) => shared.some(([each]) => each === status);
  return `# HTTP API

<!-- Written from the routes in src/api by \`npm run docs\`. -->

What the component \`api\` serves, by default on port 42356. The same as OpenAPI 3.1: \`GET /openapi.json\`.

- Bodies are JSON, with GET and DELETE too; a field that is not listed is ignored, one that is null counts as left out.
- With a secret (\`api.jwt_secret\` or \`JWT_SECRET\`), and unless \`api.jwt\` says otherwise, all that asks something of the cloud needs \`Authorization: Bearer <JWT>\` (HS256, with \`exp\`).
- Every answer from 400 on is \`{"error", "message", "request_id"}\`. \`message\` is one short line for people; the log knows the
  request by \`request_id\`, which every answer also has as \`x-request-id\`.

[security.md](security.md) says what is trusted and what is not.

${all.map(({ heading, operation }) => renderOperation(heading, operation, isShared)).join('\n\n')}

## \`cloud_env\`

On whose behalf the request is made. The user by id, or by name and domain; so the project.

| field | type | |
|---|---|---|
${login ? fieldsOf(login, '').join('\n') : ''}

## What every request to the cloud may be answered with

| status | |
|---|---|
${shared.map(([status, response]) => answerRow(status, response)).join('\n')}
`;
}

async function readPaths(): Promise<Readonly<Record<string, Readonly<Record<string, Operation>>>>> {
  const sessions = new CloudSessions({ authUrls: new AuthUrls([]) });
  // It is never called.
  const credentials = {
    kind: 'password',
    authUrl: 'http://localhost',
    user: { id: '' },
    password: new Secret(''),
    project: { id: '' },
  } as const;
  const ownCloud = new OwnCloud(new Session({ credentials }));
  const billing = new NoPlatform({ dataDir: undefined, freeCredits: 0 });
  const app = await apiApp({
    sessions,
    repeats: new Repeats(),
    ownCloud,
    billing,
    closings: new AccountClosings({ billing, dataDir: undefined, clock: systemClock }),
    departing: new DepartingProjects({ dataDir: undefined, clock: systemClock }),
    teamRoles: { admin: ['member'], member: ['reader'] },
    requestReconcile: () => {},
    clouds: ['cloud'],
    pingCloud: async () => {},
    followsChanges: false,
    isRated: false,
    jwt: { kind: 'off' },
    tls: undefined,
    clock: systemClock,
    log: createLogger({ level: 'critical', format: 'json' }),
  });
  await app.ready();
  const document: unknown = app.swagger();
  await app.close();
  const { paths, components } = document as {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, unknown> };
  };
  return withoutNames(paths, components.schemas) as typeof paths;
}

/** Each schema in the place where its name stands. */
function withoutNames(value: unknown, schemas: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((part) => withoutNames(part, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref: ref, ...rest } = value as Readonly<Record<string, unknown>>;
  const named = typeof ref === 'string' ? schemas[ref.split('/').at(-1) ?? ''] : undefined;
  const whole = named === undefined ? value : { ...(named as object), ...rest };
  return Object.fromEntries(Object.entries(whole).map(([key, part]) => [key, withoutNames(part, schemas)]));
}

function renderOperation(
  heading: string,
  operation: Operation,
  isShared: (status: string) => boolean,
): string {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const inPath = parameters
    .filter((parameter) => parameter.in === 'path')
    .map(({ name, description, schema }) => row(name, schema, true, description));
  const body = schemaOf(requestBody);
  const request = [...inPath, ...(body ? fieldsOf(body, '') : [])];
  const answers = Object.entries(responses)
    .filter(([status]) => !isShared(status))
    .map(([status, response]) => answerRow(status, response));
  return [
    `## \`${heading}\``,
    `${summary}.${description ? ` ${description}` : ''}`,
    ...(request.length > 0 ? [`| field | type | |\n|---|---|---|\n${request.join('\n')}`] : []),
    `| status | |\n|---|---|\n${answers.join('\n')}`,
  ].join('\n\n');
}

/** An error's text says when it occurs; anything else is described by its fields. */
function answerRow(status: string, response: Content & { readonly description: string }): string {
  const schema = schemaOf(response);
  const about = schema?.description ?? response.description;
  if (Number(status) >= 400 && about !== 'Default Response') return `| ${status} | ${about} |`;
  return `| ${status} | ${schema ? outline(schema) : ''} |`;
}

/** \`{success, key_pair: {name, …}}\` */
function outline(schema: Schema): string {
  const inside = (of: Schema): string => {
    if (of.items) return `[${inside(of.items)}]`;
    if (!of.properties) return '';
    const fields = Object.entries(of.properties).map(([name, each]) => {
      const more = inside(each);
      return more ? `${name}: ${more}` : name;
    });
    return `{${fields.join(', ')}}`;
  };
  const fields = inside(schema);
  return fields ? `\`${fields}\`` : valuesOf(schema);
}

/** One row a field; `cloud_env` has a table of its own. */
function fieldsOf(schema: Schema, above: string): string[] {
  const object = objectOf(schema);
  return Object.entries(object?.properties ?? {}).flatMap(([name, each]) => {
    const path = above ? `${above}.${name}` : name;
    const isRequired = object?.required?.includes(name) ?? false;
    const inside = name === 'cloud_env' ? [] : fieldsOf(each, path);
    return [row(path, each, isRequired, each.description), ...inside];
  });
}

function objectOf(schema: Schema | undefined): Schema | undefined {
  return schema?.properties ? schema : schema?.anyOf?.find(({ properties }) => properties);
}

function row(name: string, schema: Schema, isRequired: boolean, about = ''): string {
  const notes = [isRequired ? '**required**' : '', about].filter(Boolean).join('; ');
  return `| \`${name}\` | ${valuesOf(schema)} | ${notes} |`;
}

function valuesOf({ type, const: only, enum: values, anyOf }: Schema): string {
  if (only !== undefined) return JSON.stringify(only);
  if (values) return values.map((value) => `\`${String(value)}\``).join(', ');
  const types = anyOf ? anyOf.map(valuesOf) : [type ?? 'any'].flat();
  return [...new Set(types)].filter((each) => each !== 'null' && each !== '').join(' or ');
}

function schemaOf(of: Content | undefined): Schema | undefined {
  return Object.values(of?.content ?? {})[0]?.schema;
}
