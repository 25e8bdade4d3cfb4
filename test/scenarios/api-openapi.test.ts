/** The OpenAPI document: complete by itself, and by names. */
import { expect, test } from 'vitest';
import { startApi } from '../support/api.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** Every `$ref` in the document. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    key === '$ref' && typeof part === 'string' ? [part] : refsIn(part),
  );
}

test('requests and answers have names, and each name that is used is there', async () => {
  await using api = await startApi({ authUrls: [] });

  const document = (await api.send('GET', '/openapi.json')).body as Document;

  const refs = new Set(refsIn(document));
  const names = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect([...refs].filter((ref) => !names.includes(ref))).toEqual([]);
  for (const name of [
    'CreateUserInput',
    'UserBody',
    'CreateTeamInput',
    'TeamBody',
    'StatisticsBody',
    'InvoiceBody',
  ]) {
    expect(refs).toContain(`#/components/schemas/${name}`);
  }
});

test('all calls of all releases are in it', async () => {
  await using api = await startApi({ authUrls: [] });

  const { paths } = (await api.send('GET', '/openapi.json')).body as Document;

  expect(
    Object.entries(paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
      .filter((call) => !call.startsWith('head '))
      .toSorted(),
  ).toMatchInlineSnapshot(`
    [
      "delete /delete_user",
      "delete /key_pairs",
      "delete /team",
      "delete /team_role",
      "delete /user",
      "get /",
      "get /healthz",
      "get /key_pairs",
      "get /readyz",
      "get /statistics",
      "get /team/limits",
      "get /team/{project_id}/quotas",
      "patch /team_role",
      "patch /user",
      "post /add_credits",
      "post /add_order_tag",
      "post /change_user_details",
      "post /create_order",
      "post /create_user_project",
      "post /credits",
      "post /delete_order",
      "post /get_account_invoice",
      "post /get_credits",
      "post /get_draft_invoice",
      "post /get_user_invoice",
      "post /key_pairs",
      "post /list_paginated_invoices",
      "post /team",
      "post /team_role",
      "post /update_status/{type}/{id}",
      "post /user",
    ]
  `);
});
