import type { Billing } from '../../billing/billing.ts';
import { BillingError } from '../../billing/errors.ts';
import type { Caller } from '../caller.ts';
import type { TypedApp } from '../typed-app.ts';
import {
  AddCredits,
  AddOrderTag,
  CreateOrder,
  CreditsBody,
  DeleteOrder,
  Deposit,
  GetCredits,
  OrderBody,
  TagBody,
} from '../wire/billing.ts';
import { refusals } from './refusals.ts';

export interface BillingRoutesOptions {
  readonly billing: Billing;
  readonly caller: Caller;
}

/** Credits, and the orders under which stacks are billed: the calls of the cluster builder, and the portal's deposits. */
export function addCreditAndOrderRoutes(app: TypedApp, { billing, caller }: BillingRoutesOptions): void {
  const config = { isForClusterBuilder: true };

  app.route({
    method: 'POST',
    url: '/get_credits',
    config,
    schema: {
      summary: 'What is left on an account',
      body: GetCredits,
      response: { 200: CreditsBody, ...refusals(404) },
    },
    handler: async ({ body }) => ({
      success: true as const,
      credits: await billing.creditsOf(body.credits),
    }),
  });

  app.route({
    method: 'POST',
    url: '/create_order',
    config,
    schema: {
      summary: 'Open the order under which a stack is billed',
      description: 'While the account has credits.',
      body: CreateOrder,
      response: { 201: OrderBody, ...refusals(404, 409) },
    },
    handler: async (request, reply) => {
      const account = request.body.order;
      if ((await billing.creditsOf(account)) <= 0)
        throw new BillingError('conflict', 'Insufficient credits.');
      // The cluster builder sends no key, and repeats no order that was refused: each request is an order of its own.
      const order = await billing.openOrder(account, request.id);
      caller.audit(
        request,
        undefined,
      )({ verb: 'created', kind: 'order', id: order, detail: `of account ${account}` });
      reply.code(201);
      return { success: true as const, order };
    },
  });

  app.route({
    method: 'POST',
    url: '/add_order_tag',
    config,
    schema: {
      summary: 'Write a tag on an order, such as `openstack_stack_id`',
      body: AddOrderTag,
      response: { 201: TagBody, ...refusals(404) },
    },
    handler: async (request, reply) => {
      const { order_id: order, tag_name: name, tag_value: value } = request.body.tag;
      const tag = await billing.tagOrder(order, name, value);
      reply.code(201);
      return { success: true as const, tag };
    },
  });

  app.route({
    method: 'POST',
    url: '/delete_order',
    config,
    schema: {
      summary: 'Close an order whose stack was not made',
      description: 'One that is gone counts as closed.',
      body: DeleteOrder,
      response: { 200: OrderBody, ...refusals() },
    },
    handler: async (request) => {
      const { order_id: order } = request.body.order;
      await billing.closeOrder(order);
      caller.audit(request, undefined)({ verb: 'deleted', kind: 'order', id: order });
      return { success: true as const, order };
    },
  });

  for (const [url, body] of [
    ['/credits', Deposit],
    ['/add_credits', AddCredits],
  ] as const) {
    app.route({
      method: 'POST',
      url,
      schema: {
        summary: 'Add credits to an account',
        ...(url === '/credits' ? {} : { description: 'As releases 1.0 and 1.1 ask for it.' }),
        body,
        response: { 201: CreditsBody, ...refusals(404, 501) },
      },
      handler: async (request, reply) => {
        const { account, amount } = request.body.credits;
        const credits = await billing.deposit(account, amount, request.id);
        caller.audit(
          request,
          undefined,
        )({ verb: 'changed', kind: 'account', id: account, detail: `${amount} credits added` });
        reply.code(201);
        return { success: true as const, credits };
      },
    });
  }
}
