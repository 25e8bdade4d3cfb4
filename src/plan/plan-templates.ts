import type { Template, TemplateDraft, TemplateId, TemplatePatch } from '../concertim/model.ts';
import { rowRules } from '../concertim/row-rules.ts';
import { type Change, type TemplateRef, templateKey } from './change.ts';
import { difference } from './difference.ts';
import { type DesiredTemplate, isTemplateOf } from './flavor-template.ts';
import { chooseName, nameCandidates, templateNames } from './names.ts';
import { isOwnTemplate } from './ownership.ts';
import { compareIds } from './portal-index.ts';
import { because } from './reason.ts';
import type { TaggedTemplate } from './tagged-template.ts';

/** Where a device finds its template, and how high that makes it. */
export interface PlannedTemplate {
  readonly ref: TemplateRef;
  /** In rack units. An existing template keeps its height, which cannot be changed. */
  readonly height: number;
  /** Templates that a device may be made from as well: others with the same tag, or of deleted flavors with the same name and sizes. */
  readonly alike: ReadonlySet<TemplateId>;
}

export interface TemplatePlan {
  readonly changes: readonly Change[];
  /** By `templateKey`. */
  readonly templates: ReadonlyMap<string, PlannedTemplate>;
}

/**
 * @param tagged those that devices are made from
 * @param flavors ids of existing flavors
 */
export function planTemplates(
  desired: readonly DesiredTemplate[],
  tagged: readonly TaggedTemplate[],
  actual: readonly Template[],
  flavors: ReadonlySet<string>,
): TemplatePlan {
  const changes: Change[] = [];
  const templates = new Map<string, PlannedTemplate>();
  const ofFlavor = new Map<string, Template & { foreignId: string }>();
  for (const template of [...actual].sort((a, b) => compareIds(b.id, a.id))) {
    if (isOwnTemplate(template)) ofFlavor.set(template.foreignId, template);
  }
  const left = [...ofFlavor.values()].filter(({ foreignId }) => !flavors.has(foreignId));
  const names = new Set([...rowRules.template.reservedNames, ...actual.map(({ name }) => name)]);

  for (const { height, ...wanted } of desired) {
    const present = ofFlavor.get(wanted.foreignId);
    const candidates = nameCandidates(wanted.name, wanted.foreignId, templateNames);
    const name = chooseName(candidates, names, present?.name);
    names.add(name);
    if (!present) {
      const draft: TemplateDraft = { ...wanted, name, height };
      changes.push({ kind: 'create-template', draft, ...because('template-missing') });
      templates.set(wanted.foreignId, newTemplate(draft));
      continue;
    }
    templates.set(
      wanted.foreignId,
      presentTemplate(present, [present, ...left.filter((each) => isTemplateOf(each, wanted))]),
    );
    const patch: TemplatePatch | undefined = difference(present, { ...wanted, name });
    if (patch)
      changes.push({ kind: 'update-template', template: present, patch, ...because('template-differs') });
  }
  for (const wanted of tagged) {
    const alike = actual.filter(({ tag }) => tag === wanted.tag);
    const [present] = [...alike].sort((a, b) => compareIds(a.id, b.id));
    if (present) {
      templates.set(templateKey(wanted), presentTemplate(present, alike));
      continue;
    }
    const name = chooseName(nameCandidates(wanted.name, wanted.tag, templateNames), names);
    names.add(name);
    const draft: TemplateDraft = { ...wanted, name };
    changes.push({
      kind: 'create-template',
      draft,
      ...because('tagged-template-missing', { object: wanted.tag }),
    });
    templates.set(templateKey(wanted), newTemplate(draft));
  }
  return { changes, templates };
}

function newTemplate(draft: TemplateDraft): PlannedTemplate {
  return { ref: { kind: 'new', key: templateKey(draft) }, height: draft.height, alike: new Set() };
}

function presentTemplate({ id, height }: Template, alike: readonly Template[]): PlannedTemplate {
  return { ref: { kind: 'present', id }, height, alike: new Set(alike.map((each) => each.id)) };
}
