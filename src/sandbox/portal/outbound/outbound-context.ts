import type { Portal, UserRow } from '../portal.ts';
import type { Companion } from './companion.ts';
import { type JobQueue, RecordInvalid } from './job-queue.ts';
import type { OutboundRules } from './outbound-rules.ts';

/** Credentials, as each call carries them that is made with somebody's. */
export interface CloudEnv {
  readonly auth_url: string;
  readonly user_id: string | null;
  readonly password: string | null;
  readonly project_id: string | null;
}

/** What jobs and pages work with. */
export interface OutboundContext {
  readonly portal: Portal;
  readonly rules: OutboundRules;
  readonly companion: Companion;
  readonly jobs: JobQueue;
  /** Of the administrator's account that the portal's cloud configuration holds. */
  readonly admin: () => CloudEnv;
  /** What the cluster builder has Heat do for the owner of a cluster. */
  readonly makeStack: (owner: UserRow) => Promise<{ readonly id: string; readonly name: string }>;
}

/** Of a user, in the user's own project or, in releases with teams, in the team's. */
export function envOf({ admin }: OutboundContext, user: UserRow, projectId = user.project_id): CloudEnv {
  const { auth_url } = admin();
  return { auth_url, user_id: user.cloud_user_id, password: user.foreign_password, project_id: projectId };
}

/** @throws {RecordInvalid} the user is not there any more */
export function mustHaveUser({ portal }: OutboundContext, id: number): UserRow {
  const user = portal.users.get(id);
  if (!user) throw new RecordInvalid(`Couldn't find User with 'id'=${id}`);
  return user;
}

/** A value that the portal can keep: empty texts count as none, numbers as text. */
export function textIn(body: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  const value = body?.[key];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Columns of a user that hold ids from the cloud. */
type CloudColumns = Partial<Pick<UserRow, 'cloud_user_id' | 'project_id' | 'billing_acct_id'>>;

const columnNames = {
  cloud_user_id: 'Cloud user',
  project_id: 'Project',
  billing_acct_id: 'Billing acct',
} as const;

/**
 * Keeps ids that the companion has given.
 *
 * @throws {RecordInvalid} another user or team has one of them: none of these is kept
 */
export function keep({ portal }: OutboundContext, userId: number, columns: CloudColumns): void {
  for (const [column, name] of Object.entries(columnNames) as [keyof typeof columnNames, string][]) {
    const value = columns[column];
    const others = portal.users.all().filter(({ id }) => id !== userId);
    if (value && others.some((other) => other[column] === value)) {
      throw new RecordInvalid(`Validation failed: ${name} has already been taken`);
    }
  }
  const { cloud_user_id: id } = columns;
  const stored = id ? { ...columns, cloud_user_id: portal.storedUserId(id) } : columns;
  portal.users.update(userId, stored);
}
