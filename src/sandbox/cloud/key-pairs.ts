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

/** Nova's key pairs: a name is a user's own. */
export class KeyPairs {
  readonly #pairs: KeyPair[] = [];
  #made = 0;

  add(draft: Omit<KeyPair, 'number'>): KeyPair {
    const pair = { ...draft, number: ++this.#made };
    this.#pairs.push(pair);
    return pair;
  }

  find(userId: string, name: string): KeyPair | undefined {
    return this.#pairs.find((pair) => pair.userId === userId && pair.name === name);
  }

  of(userId: string): KeyPair[] {
    return this.#pairs.filter((pair) => pair.userId === userId);
  }

  remove(pair: KeyPair): void {
    this.#pairs.splice(this.#pairs.indexOf(pair), 1);
  }
}
