import type { ProjectId } from '../openstack/model.ts';

/** What operations ask of a billing platform: an account for each project of the portal's. */
export interface Accounts {
  /**
   * The account of a project, opened if there is none.
   *
   * @returns its id: unique, never empty, the same for the same project
   */
  open(owner: AccountOwner): Promise<string>;
  /** One that is gone counts as closed. */
  close(account: { readonly id: string; readonly projectId: ProjectId | undefined }): Promise<void>;
  changeEmail(account: { readonly id: string; readonly email: string }): Promise<void>;
}

export interface AccountOwner {
  readonly projectId: ProjectId;
  /** As the portal knows the user or team. */
  readonly name: string;
  readonly email: string | undefined;
  /** The id that the portal has been told before. */
  readonly knownId: string | undefined;
}

/** Where nothing is billed: portals want an id all the same, one that no other user or team has. */
export const noAccounts: Accounts = {
  open: async ({ projectId, knownId }) => knownId ?? projectId,
  close: async () => {},
  changeEmail: async () => {},
};
