import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { InvoiceRow, KillBillState, SubscriptionRow } from './killbill.ts';

/** KillBill's own credentials and a tenant's, as the sandbox has them. */
export const killBillLogin = {
  username: 'admin',
  password: 'password',
  apiKey: 'bob',
  apiSecret: 'lazar',
};

class KillBillRefusal extends Error {
  readonly status: number;
  readonly code: number | null;

  constructor(status: number, code: number | null, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const NewAccount = z.object({
  name: z.string(),
  externalKey: z.string().min(1),
  email: z.string().nullish(),
  currency: z.string(),
  timeZone: z.string(),
});
const NewSubscription = z.object({ accountId: z.string(), planName: z.string(), externalKey: z.string() });
const Fields = z.array(
  z.object({ customFieldId: z.string().optional(), name: z.string(), value: z.string() }),
);
const Credits = z.array(
  z.object({ accountId: z.string(), amount: z.number().positive(), description: z.string() }),
);
const Usage = z.object({
  subscriptionId: z.string(),
  trackingId: z.string().max(128),
  unitUsageRecords: z.array(
    z.object({
      unitType: z.string(),
      usageRecords: z.array(z.object({ recordDate: z.string(), amount: z.number() })),
    }),
  ),
});

type Query = Readonly<Record<string, string | undefined>>;
const queryOf = (request: FastifyRequest) => request.query as Query;
const idOf = (request: FastifyRequest) => (request.params as { id: string }).id;

/** KillBill's API, as far as a billing platform is used: paths, statuses and codes as 0.22.26 was seen to answer. */
export function addKillBill(app: FastifyInstance, state: KillBillState): void {
  app.addHook('onRequest', async (request, reply) => {
    const { headers, method } = request;
    const { username, password, apiKey, apiSecret } = killBillLogin;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const isKnown =
      headers.authorization === basic &&
      headers['x-killbill-apikey'] === apiKey &&
      headers['x-killbill-apisecret'] === apiSecret;
    if (!isKnown) return reply.code(401).send();
    if (method !== 'GET' && !headers['x-killbill-createdby']) {
      throw new KillBillRefusal(400, null, 'Header X-Killbill-CreatedBy needs to be set');
    }
    return undefined;
  });
  app.setErrorHandler((error: Error, _request, reply) => {
    const { status, code } =
      error instanceof KillBillRefusal
        ? error
        : { status: error instanceof z.ZodError ? 400 : 500, code: null };
    return reply
      .code(status)
      .send({ className: error.name, code, message: error.message, causeClassName: null });
  });
  addAccounts(app, state);
  addSubscriptions(app, state);
  addFields(app, state);
  addMoney(app, state);
}

function addAccounts(app: FastifyInstance, state: KillBillState): void {
  const byKey = (key: string | undefined) =>
    [...state.accounts.values()].find(({ externalKey }) => externalKey === key);
  app.get('/1.0/kb/accounts', async (request) => {
    const { externalKey: key } = queryOf(request);
    const account = byKey(key);
    if (!account) throw new KillBillRefusal(404, 3003, `Account does not exist for key ${key}`);
    return account;
  });
  app.post('/1.0/kb/accounts', async (request, reply) => {
    const { email = null, ...draft } = NewAccount.parse(request.body);
    if (byKey(draft.externalKey)) {
      throw new KillBillRefusal(409, 3000, `Account already exists for key ${draft.externalKey}`);
    }
    const accountId = state.id();
    state.accounts.set(accountId, { accountId, email, closed: false, ...draft });
    return created(request, reply, `accounts/${accountId}`);
  });
  app.get('/1.0/kb/accounts/:id', async (request) => {
    const account = accountOf(state, idOf(request));
    if (queryOf(request)['accountWithBalanceAndCBA'] !== 'true') return account;
    const accountCBA = state.creditsOf(account.accountId);
    return { ...account, accountBalance: -accountCBA, accountCBA };
  });
  app.put('/1.0/kb/accounts/:id', async (request, reply) => {
    const { email } = z.object({ email: z.string() }).parse(request.body);
    const account = accountOf(state, idOf(request));
    state.accounts.set(account.accountId, { ...account, email });
    return reply.code(204).send();
  });
  app.delete('/1.0/kb/accounts/:id', async (request, reply) => {
    const account = accountOf(state, idOf(request));
    state.accounts.set(account.accountId, { ...account, closed: true });
    if (queryOf(request)['cancelAllSubscriptions'] === 'true') {
      for (const row of state.subscriptions.values())
        if (row.accountId === account.accountId && row.state === 'ACTIVE') state.cancel(row);
    }
    return reply.code(204).send();
  });
}

function addSubscriptions(app: FastifyInstance, state: KillBillState): void {
  const byKey = (key: string | undefined) =>
    [...state.subscriptions.values()].find(({ externalKey }) => externalKey === key);
  app.get('/1.0/kb/subscriptions', async (request) => {
    const { externalKey: key } = queryOf(request);
    const found = byKey(key);
    if (!found) throw new KillBillRefusal(404, 1083, `Unknown subscription matching key ${key}`);
    return found;
  });
  app.post('/1.0/kb/subscriptions', async (request, reply) => {
    const { accountId, planName, externalKey } = NewSubscription.parse(request.body);
    accountOf(state, accountId);
    if (planName !== state.plan)
      throw new KillBillRefusal(400, 2010, `Could not find any plan named '${planName}'`);
    const present = byKey(externalKey);
    if (present?.state === 'CANCELLED') {
      state.isBundleListBroken = true;
      const message = `Unique index or primary key violation: SUBSCRIPTIONS_EXTERNAL_KEY ${externalKey}`;
      throw new KillBillRefusal(500, null, message);
    }
    if (present) {
      const message = `Subscription bundle ${externalKey} already has a base subscription`;
      throw new KillBillRefusal(400, 1015, message);
    }
    return created(request, reply, `subscriptions/${state.subscribe(accountId, externalKey).subscriptionId}`);
  });
  app.delete('/1.0/kb/subscriptions/:id', async (request, reply) => {
    const row = subscriptionOf(state, idOf(request));
    if (row.state === 'CANCELLED') {
      const message = `Subscription ${row.subscriptionId} is in state CANCELLED: Failed to cancel`;
      throw new KillBillRefusal(500, 1031, message);
    }
    state.cancel(row);
    return reply.code(204).send();
  });
  app.get('/1.0/kb/bundles/pagination', async (request, reply) => {
    if (state.isBundleListBroken) throw new KillBillRefusal(500, null, 'null');
    const bundles = [...state.subscriptions.values()].map(({ bundleId, ...row }) => ({
      accountId: row.accountId,
      bundleId,
      externalKey: row.externalKey,
      subscriptions: [{ ...row, cancelledDate: row.endDate, bundleId }],
    }));
    return paged(request, reply, bundles);
  });
}

function addFields(app: FastifyInstance, state: KillBillState): void {
  for (const objectType of ['ACCOUNT', 'SUBSCRIPTION'] as const) {
    const path = `/1.0/kb/${objectType.toLowerCase()}s/:id/customFields`;
    app.get(path, async (request) =>
      [...state.fields.values()].filter(({ objectId }) => objectId === idOf(request)),
    );
    app.route({
      method: ['POST', 'PUT'],
      url: path,
      handler: async (request, reply) => {
        const objectId = idOf(request);
        if (objectType === 'SUBSCRIPTION') subscriptionOf(state, objectId);
        // KillBill keeps several fields with one name.
        for (const { customFieldId = state.id(), name, value } of Fields.parse(request.body)) {
          state.fields.set(customFieldId, { customFieldId, objectType, objectId, name, value });
        }
        if (request.method === 'PUT') return reply.code(204).send();
        return created(request, reply, `${objectType.toLowerCase()}s/${objectId}/customFields`);
      },
    });
  }
  app.get('/1.0/kb/customFields/search', async (request, reply) => {
    const { objectType, fieldName, fieldValue } = queryOf(request);
    const found = [...state.fields.values()].filter(
      (field) =>
        field.objectType === objectType &&
        field.name === fieldName &&
        (fieldValue === undefined || field.value === fieldValue),
    );
    return paged(request, reply, found);
  });
}

function addMoney(app: FastifyInstance, state: KillBillState): void {
  app.post('/1.0/kb/credits', async (request) =>
    Credits.parse(request.body).map(({ accountId, amount, description }) => {
      accountOf(state, accountId);
      return state.deposit(accountId, amount, description);
    }),
  );
  app.post('/1.0/kb/usages', async (request, reply) => {
    const { subscriptionId, trackingId, unitUsageRecords } = Usage.parse(request.body);
    const subscription = subscriptionOf(state, subscriptionId);
    const dates = unitUsageRecords.flatMap(({ usageRecords }) => usageRecords.map((one) => one.recordDate));
    if (state.countsWholeUnits && dates.some((date) => !/^\d{4}-\d\d-\d\d$/.test(date))) {
      throw new KillBillRefusal(400, null, `Cannot deserialize a LocalDate from ${dates.join()}`);
    }
    if (dates.some((date) => state.isAfterEnd(date, subscription)))
      throw new KillBillRefusal(400, null, 'Bad Request');
    if (state.usages.some((row) => row.subscriptionId === subscriptionId && row.trackingId === trackingId)) {
      throw new KillBillRefusal(400, 50_000, `A usage record with tracking ID ${trackingId} already exists`);
    }
    for (const { unitType, usageRecords } of unitUsageRecords) {
      for (const { recordDate, amount } of usageRecords) {
        const counted = state.countsWholeUnits ? Math.trunc(amount) : amount;
        state.usages.push({ subscriptionId, trackingId, unitType, recordDate, amount: counted });
      }
    }
    return reply.code(201).send();
  });
  app.get('/1.0/kb/usages/:id', async (request) => {
    const { subscriptionId } = subscriptionOf(state, idOf(request));
    const { startDate, endDate } = queryOf(request);
    if (!startDate || !endDate) throw new KillBillRefusal(400, null, 'startDate and endDate are needed');
    const sums = state.usageOf(subscriptionId, startDate, endDate);
    const rolledUpUnits = [...sums].map(([unitType, amount]) => ({ unitType, amount }));
    return { subscriptionId, startDate, endDate, rolledUpUnits };
  });
  app.get('/1.0/kb/nodesInfo', async () => [{ nodeName: 'sandbox', kbVersion: state.version }]);
  app.get('/1.0/kb/catalog', async () => [catalogBody(state)]);
  app.post('/1.0/kb/invoices/dryRun', async (request, reply) => {
    const upcoming = state.upcoming(accountOf(state, queryOf(request)['accountId'] ?? '').accountId);
    return upcoming ? invoiceBody(upcoming, true) : reply.code(204).send();
  });
  app.get('/1.0/kb/accounts/:id/invoices', async (request) => {
    const { includeInvoiceComponents, invoicesFilter } = queryOf(request);
    const ids = invoicesFilter?.split(',');
    return [...state.invoices.values()]
      .filter(({ accountId, invoiceId }) => accountId === idOf(request) && (ids?.includes(invoiceId) ?? true))
      .map((invoice) => invoiceBody(invoice, includeInvoiceComponents === 'true'));
  });
  app.get('/1.0/kb/invoices/:id', async (request) => {
    const invoice = state.invoices.get(idOf(request));
    if (!invoice)
      throw new KillBillRefusal(404, null, `Object id=${idOf(request)} type=INVOICE doesn't exist!`);
    return invoiceBody(invoice, true);
  });
}

function catalogBody({ plan, units }: KillBillState) {
  const blocks = ([unit, value]: [string, number]) => ({
    unit,
    size: '1',
    max: null,
    prices: [{ currency: 'USD', value }],
  });
  const usages = [...units].map((unit) => ({
    billingPeriod: 'MONTHLY',
    tiers: [{ blocks: [blocks(unit)], limits: [], fixedPrice: [], recurringPrice: [] }],
  }));
  const plans = [{ name: plan, phases: [{ type: 'EVERGREEN', prices: [], fixedPrices: [], usages }] }];
  return {
    name: 'sandbox',
    effectiveDate: '2024-01-01T00:00:00Z',
    currencies: ['USD'],
    units: [...units.keys()].map((name) => ({ name })),
    products: [{ type: 'BASE', name: 'OpenStack', plans, included: [], available: [] }],
  };
}

function invoiceBody({ items, ...invoice }: InvoiceRow, withItems: boolean) {
  const sum = (type: string) =>
    items.reduce((total, { itemType, amount }) => total + (itemType === type ? amount : 0), 0);
  return {
    ...invoice,
    currency: 'USD',
    status: 'COMMITTED',
    targetDate: invoice.invoiceDate,
    amount: sum('USAGE'),
    creditAdj: sum('CREDIT_ADJ') === 0 ? sum('CBA_ADJ') : -sum('CREDIT_ADJ'),
    refundAdj: 0,
    balance: Math.max(0, sum('USAGE') + sum('CBA_ADJ') + sum('CREDIT_ADJ')),
    items: withItems ? items : null,
  };
}

function accountOf(state: KillBillState, id: string) {
  const account = state.accounts.get(id);
  if (!account) throw new KillBillRefusal(404, null, `Object id=${id} type=ACCOUNT doesn't exist!`);
  return account;
}

function subscriptionOf(state: KillBillState, id: string): SubscriptionRow {
  const row = state.subscriptions.get(id);
  if (!row) throw new KillBillRefusal(404, null, `Object id=${id} type=SUBSCRIPTION doesn't exist!`);
  return row;
}

/** No body: the id is in the address. */
function created(request: FastifyRequest, reply: FastifyReply, path: string): FastifyReply {
  return reply.code(201).header('location', `http://${request.host}/1.0/kb/${path}`).send();
}

function paged<Row>(request: FastifyRequest, reply: FastifyReply, rows: readonly Row[]): readonly Row[] {
  const { offset = '0', limit = '100' } = queryOf(request);
  const page = rows.slice(Number(offset), Number(offset) + Number(limit));
  reply.headers({
    'x-killbill-pagination-currentoffset': offset,
    'x-killbill-pagination-totalnbrecords': String(rows.length),
    'x-killbill-pagination-maxnbrecords': String(rows.length),
  });
  return page;
}
