import { expect, test } from 'vitest';
import { explain } from '../runtime/severity.ts';
import { ConcertimError, isTaken } from './errors.ts';

/** The recorded refusals of generation A are read in test/contract/concertim.test.ts. */
function refusal(status: number, body: unknown, headers: Record<string, string> = {}): ConcertimError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const facts = { service: 'Concertim', method: 'PATCH', url: 'http://portal/api/v1/racks/7' };
  return new ConcertimError({ ...facts, status, headers, text, at: 0 });
}

test('a 403 of generation B, whose reason has another name, is understood', () => {
  const body = { errors: [{ status: '403', title: 'Not Authorized', description: 'You may not.' }] };

  expect(refusal(403, body).message).toBe(
    'Concertim refused PATCH http://portal/api/v1/racks/7 (403): Not Authorized: You may not.',
  );
});

test('the rows that a 500 of generation B shows stay out of the error', () => {
  const description = 'Failing row contains (alice, secret-alice)';
  const error = refusal(500, { errors: [{ status: '500', title: 'NotNullViolation', description }] });

  expect(error).toMatchObject({ kind: 'failed', severity: 'transient' });
  expect(error.message).toContain('NotNullViolation');
  expect(error.message).not.toContain('alice');
});

test.each([
  [502, '<html><body>Bad Gateway</body></html>'],
  [503, ''],
  [500, '{"status":500,"err'],
  [429, { any: 'thing' }],
  [408, []],
])('a %i with a body of no known shape is told by its status', (status, body) => {
  const error = refusal(status, body);

  expect(error).toMatchObject({ kind: 'failed', severity: 'transient', problems: [] });
  expect(error.message).toContain(`(${status}).`);
});

test('a 422 without a reason is explained, however it is wrapped', () => {
  for (const body of [{}, { errors: {} }]) {
    expect(refusal(422, body).kind).toBe('invalid');
    expect(explain(refusal(422, body))).toContain('same name');
  }
});

test('only a ConcertimError says that a name is taken', () => {
  expect(isTaken(refusal(422, { name: ['has already been taken'] }))).toBe(true);
  expect(isTaken(refusal(422, { name: ['is too long'] }))).toBe(false);
  expect(isTaken(new Error('has already been taken'))).toBe(false);
});
