import type { Ids } from './ids.ts';
import { Listing } from './listing.ts';
import type { Timeline } from './timeline.ts';

/** Cinder: a volume. Read it freely; only `BlockStorage` changes it. */
export interface Volume {
  readonly id: string;
  name: string | null;
  readonly projectId: string;
  readonly userId: string;
  /** GiB */
  size: number;
  readonly volumeType: string | null;
  readonly availabilityZone: string;
  readonly bootable: boolean;
  readonly encrypted: boolean;
  metadata: Readonly<Record<string, string>>;
  /** Any text: tests let Cinder learn new ones. */
  status: string;
  attachments: readonly Attachment[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  updatedAt: number;
}

export interface Attachment {
  readonly id: string;
  readonly serverId: string;
  /** Milliseconds since 1970. */
  readonly attachedAt: number;
}

export type VolumeDraft = Pick<Volume, 'name' | 'projectId' | 'userId' | 'size'> &
  Partial<Pick<Volume, 'volumeType' | 'bootable' | 'encrypted' | 'metadata'>>;

/** What may be changed of a volume that is there. */
export type VolumeChanges = Partial<Pick<Volume, 'name' | 'size' | 'metadata' | 'status'>>;

/** Said for each step that Cinder would announce: `type` as in its notifications. */
export interface BlockStorageEvent {
  readonly type: `volume.${string}`;
  readonly volume: Volume;
}

/** How long things take on a small real cloud, ms. */
const takes = { creating: 1_500, attaching: 500, detaching: 500, deleting: 1_500 };

/** Cinder's state: volumes, which server has them, and what is under way with them. */
export class BlockStorage {
  readonly #timeline: Timeline;
  readonly #ids: Ids;
  readonly #onEvent: (event: BlockStorageEvent) => void;
  readonly #volumes = new Map<string, Volume>();
  readonly #listing = new Listing<Volume>('descending');
  /** To be deleted as soon as no server has them. */
  readonly #doomed = new Set<string>();

  constructor(options: { timeline: Timeline; ids: Ids; onEvent: (event: BlockStorageEvent) => void }) {
    this.#timeline = options.timeline;
    this.#ids = options.ids;
    this.#onEvent = options.onEvent;
  }

  volume(id: string): Volume | undefined {
    return this.#volumes.get(id);
  }

  /** Newest first. */
  volumes(): Listing<Volume> {
    return this.#listing;
  }

  createVolume(draft: VolumeDraft): Volume {
    const volume = this.#add(draft, { status: 'creating', createdAt: this.#timeline.now() });
    this.#tell('create.start', volume);
    this.#timeline.after(takes.creating, () => {
      if (volume.status === 'creating') this.#become(volume, 'available');
      this.#tell('create.end', volume);
    });
    return volume;
  }

  /** Adds a volume that has been available since `createdAt`: how a population is made. */
  addVolume(draft: VolumeDraft, createdAt: number): Volume {
    return this.#add(draft, { status: 'available', createdAt });
  }

  /** Attaches it to a server; `since`: the volume counts as attached from then on, ms since 1970. */
  attach(id: string, serverId: string, since?: number): void {
    const volume = this.#mustHave(id);
    const attachedAt = since ?? this.#timeline.now();
    volume.attachments = [...volume.attachments, { id: this.#ids.uuid(), serverId, attachedAt }];
    if (since !== undefined) {
      volume.status = 'in-use';
      return;
    }
    this.#become(volume, 'attaching');
    this.#tell('attach.start', volume);
    this.#timeline.after(takes.attaching, () => {
      if (volume.status === 'attaching') this.#become(volume, 'in-use');
      this.#tell('attach.end', volume);
    });
  }

  /** Takes it from a server that may not have it. */
  detach(id: string, serverId: string): void {
    const volume = this.#volumes.get(id);
    if (!volume?.attachments.some((attachment) => attachment.serverId === serverId)) return;
    this.#become(volume, 'detaching');
    this.#tell('detach.start', volume);
    this.#timeline.after(takes.detaching, () => {
      volume.attachments = volume.attachments.filter((attachment) => attachment.serverId !== serverId);
      if (volume.status === 'detaching')
        this.#become(volume, volume.attachments.length > 0 ? 'in-use' : 'available');
      this.#tell('detach.end', volume);
      if (this.#doomed.has(id)) this.deleteVolume(id);
    });
  }

  /** As an administrator does it, or Cinder itself when something fails. */
  changeVolume(id: string, changes: VolumeChanges): void {
    const volume = this.#mustHave(id);
    Object.assign(volume, changes, { updatedAt: this.#timeline.now() });
    this.#tell('update.end', volume);
  }

  /** Deletes it, or has it deleted once no server has it: Heat waits for that. */
  deleteVolume(id: string): void {
    const volume = this.#volumes.get(id);
    if (!volume || volume.status === 'deleting') return;
    if (volume.attachments.length > 0) {
      this.#doomed.add(id);
      return;
    }
    this.#become(volume, 'deleting');
    this.#tell('delete.start', volume);
    this.#timeline.after(takes.deleting, () => {
      this.#volumes.delete(id);
      this.#listing.remove(volume);
      this.#doomed.delete(id);
      this.#tell('delete.end', volume);
    });
  }

  #mustHave(id: string): Volume {
    const volume = this.#volumes.get(id);
    if (!volume) throw new Error(`The sandbox has no volume ${id}.`);
    return volume;
  }

  #add(draft: VolumeDraft, state: Pick<Volume, 'status' | 'createdAt'>): Volume {
    const volume: Volume = {
      id: this.#ids.uuid(),
      volumeType: '__DEFAULT__',
      availabilityZone: 'nova',
      bootable: false,
      encrypted: false,
      metadata: {},
      attachments: [],
      ...draft,
      ...state,
      updatedAt: state.createdAt,
    };
    this.#volumes.set(volume.id, volume);
    this.#listing.add(volume);
    return volume;
  }

  #become(volume: Volume, status: string): void {
    volume.status = status;
    volume.updatedAt = this.#timeline.now();
  }

  #tell(what: string, volume: Volume): void {
    this.#onEvent({ type: `volume.${what}`, volume });
  }
}
