import { z } from 'zod';

/** The parts of KillBill's JSON that are used (0.22 and 0.24). */

/** `GET /accounts` */
export const Account = z.object({
  accountId: z.string().min(1),
  currency: z.string().nullish(),
  timeZone: z.string().nullish(),
  accountCBA: z.number().nullish(),
});

export type Account = z.output<typeof Account>;

/** `GET /subscriptions` */
export const Subscription = z.object({
  subscriptionId: z.string().min(1),
  accountId: z.string().min(1),
  externalKey: z.string().nullish(),
  state: z.string(),
  startDate: z.string().nullish(),
  cancelledDate: z.string().nullish(),
});
export type Subscription = z.output<typeof Subscription>;

/** `GET /bundles/pagination` */
export const Bundles = z.array(
  z.object({ bundleId: z.string().min(1), subscriptions: z.array(Subscription).default([]) }),
);

export type Bundle = z.output<typeof Bundles>[number];

/** `GET /subscriptions/{id}/customFields` and `/customFields/search` */
export const CustomFields = z.array(
  z.object({
    customFieldId: z.string().min(1),
    objectId: z.string().min(1),
    name: z.string(),
    value: z.string(),
  }),
);

export type CustomField = z.output<typeof CustomFields>[number];

const InvoiceItem = z.object({
  invoiceItemId: z.string().min(1),
  subscriptionId: z.string().nullish(),
  itemType: z.string(),
  description: z.string().nullish(),
  amount: z.number(),
  currency: z.string(),
  startDate: z.string().nullish(),
  endDate: z.string().nullish(),
});
export type InvoiceItem = z.output<typeof InvoiceItem>;

/** `GET /invoices/{id}`, `GET /accounts/{id}/invoices`, and the answer to a dry run. */
export const Invoice = z.object({
  invoiceId: z.string().min(1),
  accountId: z.string().min(1),
  invoiceNumber: z.union([z.string(), z.number()]).nullish(),
  status: z.string().nullish(),
  invoiceDate: z.string().nullish(),
  targetDate: z.string().nullish(),
  currency: z.string(),
  amount: z.number(),
  balance: z.number(),
  creditAdj: z.number().nullish(),
  refundAdj: z.number().nullish(),
  items: z.array(InvoiceItem).nullish(),
});
export type Invoice = z.output<typeof Invoice>;

/** `GET /nodesInfo` */
export const Nodes = z.array(z.object({ kbVersion: z.string().nullish() }));

/** `GET /catalog`: each version of it. */
export const Catalogs = z.array(
  z.object({
    effectiveDate: z.string().nullish(),
    products: z.array(
      z.object({
        plans: z
          .array(
            z.object({
              name: z.string(),
              phases: z
                .array(
                  z.object({
                    usages: z
                      .array(
                        z.object({
                          tiers: z
                            .array(
                              z.object({
                                blocks: z
                                  .array(
                                    z.object({
                                      unit: z.string(),
                                      size: z.coerce.number(),
                                      prices: z
                                        .array(z.object({ currency: z.string(), value: z.coerce.number() }))
                                        .default([]),
                                    }),
                                  )
                                  .default([]),
                              }),
                            )
                            .default([]),
                        }),
                      )
                      .nullish(),
                  }),
                )
                .default([]),
            }),
          )
          .default([]),
      }),
    ),
  }),
);
export type Catalog = z.output<typeof Catalogs>[number];

/** `GET /usages/{subscription}` */
export const RolledUpUsage = z.object({
  rolledUpUnits: z.array(z.object({ unitType: z.string(), amount: z.coerce.number() })).default([]),
});

/** The body of a refusal. */
export const Refusal = z.object({ code: z.number().nullish(), message: z.string().nullish() });
