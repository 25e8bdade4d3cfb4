import type { Template } from '../concertim/model.ts';
import type { Flavor, ServerFlavor } from '../openstack/model.ts';
import { possibleNames, templateNames } from './names.ts';

/** A template as the cloud's flavors want it. */
export interface DesiredTemplate {
  /** The flavor's id, or a made-up one for a flavor that is gone while servers still use it. */
  readonly foreignId: string;
  readonly name: string;
  readonly description: string;
  readonly height: number;
  readonly vcpus: number | null;
  readonly ram: number | null;
  readonly disk: number | null;
}

/** Marks the template of a flavor that was deleted before we saw it: of such, servers know all but the id. */
const goneFlavor = 'deleted-flavor:';

export function isOfGoneFlavor(foreignId: string): boolean {
  return foreignId.startsWith(goneFlavor);
}

export function templateOfFlavor({ id, name, vcpus, ram, disk }: Flavor): DesiredTemplate {
  return { foreignId: id, ...describe({ name, vcpus, ram, disk }) };
}

/** Whether a template says what a flavor's should: the name, as far as it is not cut, and the sizes. */
export function isTemplateOf(
  { name, foreignId, vcpus, ram, disk }: Template & { foreignId: string },
  wanted: Pick<DesiredTemplate, 'name' | 'vcpus' | 'ram' | 'disk'>,
): boolean {
  return (
    vcpus === wanted.vcpus &&
    ram === wanted.ram &&
    disk === wanted.disk &&
    possibleNames(name, foreignId, templateNames).includes(wanted.name)
  );
}

/** The template for a server's flavor, existing or not, by whatever the server says of it. */
export class FlavorResolver {
  readonly #ofId = new Map<string, DesiredTemplate>();
  /** Several may share a name: a recreated flavor has the same name, while servers of the old one keep the old sizes. */
  readonly #ofName = new Map<string, DesiredTemplate[]>();

  /** @param templates those of ours that the portal has, by their ids: the memory of flavors that are gone */
  constructor(flavors: readonly Flavor[], templates: readonly (Template & { foreignId: string })[]) {
    for (const flavor of flavors) this.#learn(templateOfFlavor(flavor), [flavor.name]);
    for (const { foreignId, name, description, height, vcpus, ram, disk } of templates) {
      // A flavor may be recreated under its old id: then its template is about to have the new sizes.
      if (this.#ofId.has(foreignId)) continue;
      const template = { foreignId, name, description: description ?? '', height, vcpus, ram, disk };
      this.#learn(template, possibleNames(name, foreignId, templateNames));
    }
  }

  /** Whether there is such a flavor, or once was. */
  knows(flavor: ServerFlavor): boolean {
    return this.#find(flavor) !== undefined;
  }

  resolve(flavor: ServerFlavor): DesiredTemplate {
    const known = this.#find(flavor);
    if (known) return known;
    if (flavor.kind === 'id') return { foreignId: flavor.id, ...describe({ name: flavor.id }) };
    const { name, vcpus, ram, disk } = flavor;
    return { foreignId: `${goneFlavor}${[name, vcpus, ram, disk].join('/')}`, ...describe(flavor) };
  }

  #find(flavor: ServerFlavor): DesiredTemplate | undefined {
    if (flavor.kind === 'id') return this.#ofId.get(flavor.id);
    return this.#ofName
      .get(flavor.name)
      ?.find(
        ({ vcpus, ram, disk }) =>
          vcpus === positive(flavor.vcpus) && ram === positive(flavor.ram) && disk === positive(flavor.disk),
      );
  }

  #learn(template: DesiredTemplate, names: readonly string[]): void {
    this.#ofId.set(template.foreignId, template);
    for (const name of names) {
      const namesakes = this.#ofName.get(name);
      if (namesakes) namesakes.push(template);
      else this.#ofName.set(name, [template]);
    }
  }
}

function describe(flavor: { name: string; vcpus?: number; ram?: number; disk?: number }) {
  return {
    name: flavor.name,
    description: 'Flavor from OpenStack',
    height: heightOf(flavor.vcpus ?? 1),
    vcpus: positive(flavor.vcpus),
    ram: positive(flavor.ram),
    disk: positive(flavor.disk),
  };
}

function heightOf(vcpus: number): number {
  if (vcpus <= 1) return 1;
  if (vcpus <= 2) return 2;
  return vcpus <= 4 ? 3 : 4;
}

/** The portal refuses 0, and takes a 32-bit integer. */
function positive(size: number | undefined): number | null {
  return size !== undefined && Number.isInteger(size) && size > 0 && size < 2 ** 31 ? size : null;
}
