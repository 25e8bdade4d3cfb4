/** Nova: a key pair of a user. */
export interface KeyPair {
  readonly name: string;
  readonly userId: string;
  readonly type: 'ssh' | 'x509';
  readonly publicKey: string;
  readonly fingerprint: string;
  /** Nova's own number of it. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** What Nova announces of key pairs. */
export interface KeyPairEvent {
  readonly type: `keypair.${'create' | 'import' | 'delete'}.${'start' | 'end'}`;
  readonly keyPair: Pick<KeyPair, 'name' | 'userId'>;
  /** The project that the request's token is scoped to. */
  readonly projectId: string | undefined;
}

/** Nova's key pairs: a name is a user's own. */
export class KeyPairs {
  readonly #pairs: KeyPair[] = [];
  readonly #onEvent: (event: KeyPairEvent) => void;
  #made = 0;

  constructor(onEvent: (event: KeyPairEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** @param verb whether Nova has generated the keys itself, or was given the public one */
  add(
    draft: Omit<KeyPair, 'number'>,
    { verb, projectId }: { verb: 'create' | 'import'; projectId: string | undefined },
  ): KeyPair {
    const pair = { ...draft, number: ++this.#made };
    this.#announced(verb, { keyPair: draft, projectId }, () => this.#pairs.push(pair));
    return pair;
  }

  find(userId: string, name: string): KeyPair | undefined {
    return this.#pairs.find((pair) => pair.userId === userId && pair.name === name);
  }

  of(userId: string): KeyPair[] {
    return this.#pairs.filter((pair) => pair.userId === userId);
  }

  remove(keyPair: KeyPair, projectId: string | undefined): void {
    this.#announced('delete', { keyPair, projectId }, () =>
      this.#pairs.splice(this.#pairs.indexOf(keyPair), 1),
    );
  }

  #announced(
    verb: 'create' | 'import' | 'delete',
    about: Omit<KeyPairEvent, 'type'>,
    act: () => unknown,
  ): void {
    this.#onEvent({ type: `keypair.${verb}.start`, ...about });
    act();
    this.#onEvent({ type: `keypair.${verb}.end`, ...about });
  }
}
