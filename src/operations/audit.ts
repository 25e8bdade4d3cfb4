/** One thing that was made, changed or deleted in the cloud, for those who have to account for it. Without secrets. */
export interface AuditEvent {
  readonly verb: 'created' | 'changed' | 'deleted' | 'granted' | 'revoked';
  /** What it is, in words: `user`, `role`, `volume`. */
  readonly kind: string;
  /** Its id in the cloud; of a key pair its name. */
  readonly id: string;
  readonly name?: string | undefined;
  /** What else says what was done, such as the action on a server or the fields of a user. */
  readonly detail?: string | undefined;
  /** Which cloud, where there are several. */
  readonly cloud?: string | undefined;
}

/** Called for each event, once the cloud has accepted the request. */
export type Audit = (event: AuditEvent) => void;
