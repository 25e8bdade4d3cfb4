import { z } from 'zod';

/** One thing that the portal finds wrong with one attribute; `field` is `base` or `record` when it is none in particular. */
export interface Problem {
  readonly field: string;
  /** A message (`has already been taken`) or, from a refused node, Rails' code for it (`taken`). */
  readonly problem: string;
}

/** What a refusal says: a text, problems, or nothing. */
export interface ErrorBody {
  readonly text: string | undefined;
  readonly problems: readonly Problem[];
}

const Text = z
  .object({ error: z.string() })
  .transform(({ error }): ErrorBody => ({ text: error, problems: [] }));

const Reason = z
  .object({ errors: z.string() })
  .transform(({ errors }): ErrorBody => ({ text: errors, problems: [] }));

/** `detail` in generation A, `description` in B, where that of a 500 holds SQL and rows: it is left out of those. */
const Title = z.object({
  status: z.string(),
  title: z.string(),
  detail: z.string().optional(),
  description: z.string().optional(),
});

const Titles = z
  .object({ errors: z.array(Title) })
  .transform(({ errors }): ErrorBody => ({ text: errors.map(titled).join('; '), problems: [] }));

const Complaint = z.union([
  z.string(),
  z
    .object({ error: z.string(), count: z.number().optional(), value: z.unknown().optional() })
    .transform(({ error, count, value }) => coded(error, count, value)),
]);

const Fields = z.record(z.string(), z.array(Complaint)).transform(
  (fields): ErrorBody => ({
    text: undefined,
    problems: Object.entries(fields).flatMap(([field, complaints]) =>
      complaints.map((problem) => ({ field, problem })),
    ),
  }),
);

const WrappedFields = z.object({ errors: Fields }).transform(({ errors }) => errors);

/** The nine shapes in which the portal refuses, and any other, which says nothing. */
export const ErrorBody = z
  .union([Text, Reason, Titles, WrappedFields, Fields])
  .catch((): ErrorBody => ({ text: undefined, problems: [] }));

function titled(error: z.infer<typeof Title>): string {
  const more = error.status.startsWith('5') ? undefined : (error.detail ?? error.description);
  return more === undefined ? error.title : `${error.title}: ${more}`;
}

/** `greater_than 0, not -1` */
function coded(error: string, count: number | undefined, value: unknown): string {
  const wanted = count === undefined ? error : `${error} ${count}`;
  return value === undefined ? wanted : `${wanted}, not ${JSON.stringify(value)}`;
}
