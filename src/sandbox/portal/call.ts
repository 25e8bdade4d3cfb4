import type { FastifyRequest } from 'fastify';
import type { JsonObject, Scalar } from './attributes.ts';
import { type Parameters, readParameters, rootObject } from './parameters.ts';
import type { Portal, UserRow } from './portal.ts';
import { noSuchRecord, unparsable } from './refusal.ts';
import type { Table } from './table.ts';

/** What Rails reads as no; it reads all else as yes, `no` too. */
const isNo = /^(false|f|off|0|)$/i;

/** One request of somebody who is signed in. */
export class Call {
  readonly caller: UserRow;
  readonly parameters: Parameters;
  readonly #request: FastifyRequest;

  /** @throws {Refusal} for a body that is not the JSON that it is said to be */
  constructor(request: FastifyRequest, caller: UserRow) {
    this.#request = request;
    this.caller = caller;
    this.parameters = readParameters(request.headers['content-type'], request.body, unparsable);
  }

  get recurse(): boolean {
    const { recurse = '' } = this.#request.query as { recurse?: string };
    return !isNo.test(recurse);
  }

  /** The row that the path names; an id that was never shown names none. */
  find<Row extends { readonly id: number }>({ ids }: Portal, table: Table<Row>): Row {
    const { id } = this.#request.params as { id: Scalar };
    const row = table.get(ids.read(id));
    if (!row) throw noSuchRecord();
    return row;
  }

  /** The attributes that were sent; `flat` names those that may come without the root key. */
  root(key: string, flat: readonly string[], options: { mayBeEmpty?: boolean } = {}): JsonObject {
    return rootObject(this.parameters, key, { ...options, flat });
  }
}
