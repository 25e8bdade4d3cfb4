import type {
  Device,
  DeviceContent,
  DevicePatch,
  Rack,
  RackDraft,
  RackId,
  RackPatch,
  Template,
  TemplateDraft,
  TemplateId,
  TemplatePatch,
} from '../concertim/model.ts';
import type { ObjectId, StackId } from '../openstack/model.ts';
import type { Brand } from '../runtime/brand.ts';
import type { ForeignClaim } from './claims.ts';
import type { Ground } from './ground.ts';
import type { HeldReasonCode, Reason } from './reason.ts';

/** An existing rack, or one that an earlier change of the same plan creates. */
export type RackRef =
  | { readonly kind: 'present'; readonly id: RackId }
  | { readonly kind: 'new'; readonly key: NewRackKey };
/** What a rack is known by before the portal has given it an id. */
export type NewRackKey = Brand<string, 'plan.NewRackKey'>;

/** An existing template, or one that an earlier change of the same plan creates. */
export type TemplateRef =
  | { readonly kind: 'present'; readonly id: TemplateId }
  | { readonly kind: 'new'; readonly key: string };

/** What a template is known by before the portal has given it an id: its flavor's id, in which no colon may be, or its tag. */
export function templateKey({ foreignId, tag }: Pick<TemplateDraft, 'foreignId' | 'tag'>): string {
  return foreignId ?? `tag:${tag}`;
}

/** A device to be made, with where it will stand. */
export interface NewDevice {
  readonly rack: RackRef;
  readonly template: TemplateRef;
  readonly startU: number;
  readonly draft: DeviceContent;
}

/** One write to the portal, and why. */
export type Change = Reason &
  (
    | { readonly kind: 'create-template'; readonly draft: TemplateDraft }
    | { readonly kind: 'update-template'; readonly template: Template; readonly patch: TemplatePatch }
    | { readonly kind: 'delete-template'; readonly template: Template; readonly ground: Ground }
    | { readonly kind: 'create-rack'; readonly key: NewRackKey; readonly draft: RackDraft }
    | { readonly kind: 'update-rack'; readonly rack: Rack; readonly patch: RackPatch }
    | { readonly kind: 'delete-rack'; readonly rack: Rack; readonly ground: Ground }
    | ({ readonly kind: 'create-device' } & NewDevice)
    | { readonly kind: 'update-device'; readonly device: Device; readonly patch: DevicePatch }
    /** The portal cannot change a device's template or rack: the device is deleted and recreated. */
    | ({ readonly kind: 'replace-device'; readonly device: Device; readonly ground: Ground } & NewDevice)
    | { readonly kind: 'delete-device'; readonly device: Device; readonly ground: Ground }
  );

/** Which write to the portal. */
export type ChangeKind = Change['kind'];

/**
 * Changes that do not depend on each other's outcome run side by side, lane by lane; within a lane one after the other,
 * because the portal checks names and places only as well as it can.
 */
export interface Lane {
  /** The source whose racks it is about, or `templates`. */
  readonly name: string;
  readonly changes: readonly Change[];
}

/** Something that would have been changed and was not, and why. */
export interface Held extends Reason<HeldReasonCode> {
  readonly kind: 'rack' | 'device' | 'template';
  readonly id: number | string;
  readonly name: string;
}

/** What to write to the portal, and what was held back. */
export interface Plan {
  /** One after the other; the lanes of a phase side by side. Every prefix leaves a portal that the next run completes. */
  readonly phases: readonly (readonly Lane[])[];
  readonly held: readonly Held[];
  /** Racks and devices that name what is not their owner's: not ours. */
  readonly foreign: readonly ForeignClaim[];
  /** What a person should look at: deletions refused as too large. */
  readonly warnings: readonly string[];
  /** Almost nothing of what the portal shows, or of its servers or stacks, is in this cloud: nothing is changed. */
  readonly isWrongCloud: boolean;
  /** What belongs to each stack that has a rack; computed on first use. */
  readonly members: () => ReadonlyMap<StackId, readonly ObjectId[]>;
  /** Objects and stacks in a state that we do not know: the portal keeps what it shows of them. */
  readonly unknownStates: readonly { readonly id: string; readonly state: string }[];
}

/** All changes of a plan, in the order in which they begin. */
export function changesOf(plan: Plan): Change[] {
  return plan.phases.flatMap((lanes) => lanes.flatMap(({ changes }) => changes));
}
