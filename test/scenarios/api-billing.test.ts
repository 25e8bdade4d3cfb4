/** Calls of portals and cluster builders about credits, orders and invoices, without a billing platform. */
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AccountId, Billing, Invoice } from '../../src/billing/billing.ts';
import { BillingError } from '../../src/billing/errors.ts';
import { NoPlatform } from '../../src/billing/none.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { type RunningApi, startApi } from '../support/api.ts';

const account = 'a'.repeat(32);
const start = (billing: Billing = new NoPlatform({ dataDir: undefined, freeCredits: 1_000 })) =>
  startApi({ authUrls: [], billing });
const post = (api: RunningApi, path: string, body: unknown) => api.send('POST', path, body);

test.each(['billing_acct_id', 'billing_account_id'])(
  'credits are a number, the account by %s',
  async (key) => {
    await using api = await start();

    const answer = await post(api, '/get_credits', { credits: { [key]: account } });

    expect(answer).toMatchObject({ status: 200, body: { credits: 1_000 } });
  },
);

test('an order is opened, tagged twice, closed, and closed again', async () => {
  const billing = new NoPlatform({ dataDir: undefined, freeCredits: 1_000 });
  await using api = await start(billing);

  const { status, body } = await post(api, '/create_order', { order: { billing_account_id: account } });
  const tag = (tag_name: string, tag_value: string) =>
    post(api, '/add_order_tag', { tag: { order_id: body.order, tag_name, tag_value } });
  const tags = [await tag('openstack_stack_id', 's-1'), await tag('openstack_stack_name', 'cluster')];
  const [order] = await billing.orders();
  const close = () => post(api, '/delete_order', { order: { order_id: body.order } });
  const closings = [await close(), await close()];

  expect([status, ...tags.map((each) => each.status)]).toEqual([201, 201, 201]);
  expect(order).toMatchObject({
    accountId: account,
    tags: { openstack_stack_id: 's-1', openstack_stack_name: 'cluster' },
  });
  expect(closings).toMatchObject([
    { status: 200, body: { success: true, order: body.order } },
    { status: 200, body: { success: true, order: body.order } },
  ]);
  expect(await billing.orders()).toEqual([]);
});

test('two orders of one account are two', async () => {
  await using api = await start();
  const open = () => post(api, '/create_order', { order: { billing_account_id: account } });

  expect((await open()).body.order).not.toBe((await open()).body.order);
});

test('without credits no order is opened, and that is said', async () => {
  await using api = await start(new NoPlatform({ dataDir: undefined, freeCredits: 0 }));

  const answer = await post(api, '/create_order', { order: { billing_account_id: account } });

  expect(answer).toMatchObject({ status: 409, body: { message: 'Insufficient credits.' } });
});

test.each([null, undefined, 'None'])('an account that is %o is missing', async (id) => {
  await using api = await start();

  const answers = [
    await post(api, '/get_credits', { credits: { billing_account_id: id } }),
    await post(api, '/create_order', { order: { billing_account_id: id } }),
    await post(api, '/credits', { credits: { billing_acct_id: id, amount: '1' } }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
  expect(answers[0]?.body.message).toMatch(/has no billing account for this team or user yet$/);
});

test.each(['12', '12.5', 12.5, ' 7 ', '0.01'])('a deposit of %o is taken for an amount', async (amount) => {
  await using api = await start();

  const answers = [
    await post(api, '/credits', { credits: { billing_acct_id: account, amount } }),
    await post(api, '/add_credits', { credits: { billing_account_id: account, credits_to_add: amount } }),
  ];

  expect(answers).toMatchObject([
    { status: 501, body: { message: expect.stringMatching(/no billing platform/) } },
    { status: 501 },
  ]);
});

test.each(['0', '-1', '1.234', 'x', '', '1e9', '0.00', null, 'Infinity'])(
  'a deposit of %o is refused',
  async (amount) => {
    await using api = await start();

    const answer = await post(api, '/credits', { credits: { billing_acct_id: account, amount } });

    expect(answer.status).toBe(400);
  },
);

test('there are no invoices, and nothing to bill', async () => {
  await using api = await start();
  const invoice = { billing_acct_id: account, invoice_id: 'inv-1', target_date: '2026-11-28' };

  const list = await post(api, '/list_paginated_invoices', {
    invoices: { billing_acct_id: account, offset: 0, limit: 20 },
  });
  const one = await post(api, '/get_account_invoice', { invoice });
  const draft = await post(api, '/get_draft_invoice', { invoice });
  const html = await post(api, '/get_user_invoice', { invoice: { billing_acct_id: null } });

  expect(list.body).toEqual({ success: true, total_invoices: 0, invoices: [] });
  expect([one.status, draft.status, html.status]).toEqual([404, 204, 201]);
  expect(html.body.invoice_html).toBe('<p>There is nothing to bill.</p>');
});

const invoice: Invoice = {
  id: 'inv-1',
  accountId: account as AccountId,
  number: '17',
  status: 'COMMITTED',
  date: '2026-11-01',
  targetDate: '2026-11-30',
  currency: 'USD',
  amount: 10,
  balance: 0,
  creditAdjustment: 0,
  refundAdjustment: 0,
  items: [
    {
      id: 'i1',
      type: 'cost',
      amount: 1.5,
      currency: 'USD',
      startDate: '2026-11-01',
      endDate: null,
      stackId: 's1',
      stackName: '<b>c1</b>',
    },
  ],
};

/** A platform that has one invoice, of one account. */
class OneInvoice extends NoPlatform {
  override async invoice(of: AccountId, id: string): Promise<never> {
    if (of === account && id === 'inv-1') return invoice as never;
    throw new BillingError('not-found', `There is no invoice ${id} of account ${of}.`);
  }
  override async draft(): Promise<never> {
    return { ...invoice, number: null } as never;
  }
}

test('an invoice has the names that every release reads, and is of its account alone', async () => {
  await using api = await start(new OneInvoice({ dataDir: undefined, freeCredits: 0 }));
  const ask = (billing_acct_id: string) =>
    post(api, '/get_account_invoice', { invoice: { billing_acct_id, invoice_id: 'inv-1' } });

  const [own, other] = [await ask(account), await ask('b'.repeat(32))];

  expect(own.body.invoice).toEqual({
    account_id: account,
    amount: 10,
    balance: 0,
    credit_adj: 0,
    refund_adj: 0,
    currency: 'USD',
    invoice_date: '2026-11-01',
    invoice_id: 'inv-1',
    invoice_number: '17',
    status: 'COMMITTED',
    items: {
      i1: {
        type: 'cost',
        amount: 1.5,
        currency: 'USD',
        start_date: '2026-11-01',
        end_date: null,
        openstack_stack_id: 's1',
        openstack_stack_name: '<b>c1</b>',
      },
    },
  });
  expect(own.body.account_invoice).toEqual(own.body.invoice);
  expect(other.status).toBe(404);
});

test('what a user named a cluster is text in an invoice, and no part of the page', async () => {
  await using api = await start(new OneInvoice({ dataDir: undefined, freeCredits: 0 }));

  const { body } = await post(api, '/get_user_invoice', { invoice: { billing_acct_id: account } });

  expect(body.invoice_html).toContain('&lt;b&gt;c1&lt;/b&gt;');
});

const key = 'shared-with-the-portal';
const token = (claims: Record<string, unknown>) => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256' })}.${part(claims)}`;
  return `Bearer ${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
};
const inAMinute = Math.round(Date.now() / 1000) + 60;

test.each([
  { who: 'cluster builder 1.0.0', authorization: 'DUMMYTOKEN', credits: 200, deposit: 401 },
  { who: 'cluster builder 1.1.0', authorization: token({ exp: inAMinute }), credits: 200, deposit: 501 },
  {
    who: "one of the portal's users",
    authorization: token({ sub: '42', scp: 'user', exp: String(inAMinute) }),
    credits: 401,
    deposit: 401,
  },
])('$who may ask for credits: $credits; add some: $deposit', async ({ authorization, credits, deposit }) => {
  const jwt = { kind: 'required', secret: new Secret(key), allowDummyToken: true } as const;
  await using api = await startApi({ authUrls: [], jwt });

  const answers = [
    await api.send('POST', '/get_credits', { credits: { billing_account_id: account } }, { authorization }),
    await api.send(
      'POST',
      '/credits',
      { credits: { billing_acct_id: account, amount: '1' } },
      { authorization },
    ),
  ];

  expect(answers.map(({ status }) => status)).toEqual([credits, deposit]);
});
