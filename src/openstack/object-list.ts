import { z } from 'zod';
import { parseBody } from '../http/body.ts';
import { ListBody } from '../http/list-body.ts';
import type { ListOptions } from '../http/list-options.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import type { ServiceType } from './catalog.ts';
import { assertNotFound } from './errors.ts';
import type { ProjectId } from './model.ts';
import { type PagedShape, readPages } from './paging.ts';
import type { Session, SessionRequest } from './session.ts';

/** Rows of a page: Cinder's default `osapi_max_limit`. Neutron sets no limit of its own. */
export const pageSize = 1000;

type Query = NonNullable<SessionRequest['query']>;

/** How a service is queried for the objects of one kind. */
interface ObjectListOptions<Row> {
  readonly service: ServiceType;
  /** Path of one object, without its id. */
  readonly path: string;
  /** Path of the list, where it differs. */
  readonly listPath?: string;
  /** Further query parameters of a list. */
  readonly listQuery?: Query;
  /** Further query parameters of a single object. */
  readonly query?: Query;
  readonly shape: PagedShape<Row>;
  /** The field of the body that holds a single object. */
  readonly field: string;
}

/**
 * The objects of one kind in Cinder or Neutron. Administrators get those of all projects; other accounts get
 * those of the session's own project, without an error.
 */
export class ObjectList<Row extends { readonly id: string }> {
  readonly #options: ObjectListOptions<Row>;
  /** The rows of the whole cloud, as each session last read them. */
  readonly #memoryOf = memoryOfEach<Row>();

  constructor(options: ObjectListOptions<Row>) {
    this.#options = options;
  }

  /** @throws {CatalogError} the cloud has no such service */
  async read(
    session: Session,
    { projectId, signal }: ListOptions & { readonly projectId?: ProjectId | undefined } = {},
  ): Promise<Row[]> {
    const { service, shape } = this.#options;
    // A list of one project must not replace the remembered rows of the others.
    const memory = projectId === undefined ? this.#memoryOf(session) : undefined;
    const request = this.#request({ limit: pageSize, project_id: projectId }, signal);
    return (await readPages(session, service, request, shape, { memory })).rows;
  }

  /** Some of them: the first `count`. */
  async sample(session: Session, count: number, signal?: AbortSignal): Promise<readonly Row[]> {
    const into = new ListBody(this.#options.shape);
    const request = { ...this.#request({ limit: count }, signal), into };
    return into.rowsOf(await session.request(this.#options.service, request));
  }

  /** One of them; undefined when it is not there, or hidden from this session. */
  async show(session: Session, id: Row['id'], signal?: AbortSignal): Promise<Row | undefined> {
    const { service, path, query, shape, field } = this.#options;
    const response = await session.request(service, {
      method: 'GET',
      path: `${path}/${encodeURIComponent(id)}`,
      route: `${path}/{id}`,
      ...(query && { query }),
      accept: [404],
      signal,
    });
    if (response.status === 404) {
      assertNotFound(response);
      return undefined;
    }
    return parseBody(response, z.object({ [field]: shape.row }))[field];
  }

  #request(query: Query, signal: AbortSignal | undefined): SessionRequest {
    const { path, listPath = path, listQuery } = this.#options;
    return { method: 'GET', path: listPath, route: listPath, query: { ...listQuery, ...query }, signal };
  }
}
