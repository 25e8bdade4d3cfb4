import type { Template, TemplateDraft, TemplatePatch } from '../concertim/model.ts';
import type { Change, TemplateRef } from './change.ts';
import { difference } from './difference.ts';
import type { DesiredTemplate } from './flavor-template.ts';
import { chooseName, nameCandidates, templateNames } from './names.ts';
import { isOwnTemplate } from './ownership.ts';
import { compareIds } from './portal-index.ts';

/** Where a device finds its template, and how high that makes it. */
export interface PlannedTemplate {
  readonly ref: TemplateRef;
  /** In rack units. Of a template that is there its own: it cannot be changed. */
  readonly height: number;
}

export interface TemplatePlan {
  readonly changes: readonly Change[];
  /** By the flavor's id. */
  readonly templates: ReadonlyMap<string, PlannedTemplate>;
}

export function planTemplates(
  desired: readonly DesiredTemplate[],
  actual: readonly Template[],
): TemplatePlan {
  const changes: Change[] = [];
  const templates = new Map<string, PlannedTemplate>();
  const ofFlavor = new Map<string, Template>();
  for (const template of [...actual].sort((a, b) => compareIds(b.id, a.id))) {
    if (isOwnTemplate(template)) ofFlavor.set(template.foreignId, template);
  }
  const names = new Set(actual.map(({ name }) => name));

  for (const { height, ...wanted } of desired) {
    const present = ofFlavor.get(wanted.foreignId);
    const candidates = nameCandidates(wanted.name, wanted.foreignId, templateNames);
    const name = chooseName(candidates, names, present?.name);
    names.add(name);
    if (!present) {
      const draft: TemplateDraft = { ...wanted, name, height };
      changes.push({ kind: 'create-template', draft, reason: 'a flavor without a template' });
      templates.set(wanted.foreignId, { ref: { kind: 'new', foreignId: wanted.foreignId }, height });
      continue;
    }
    templates.set(wanted.foreignId, { ref: { kind: 'present', id: present.id }, height: present.height });
    const patch: TemplatePatch | undefined = difference(present, { ...wanted, name });
    if (patch)
      changes.push({ kind: 'update-template', template: present, patch, reason: 'the flavor differs' });
  }
  return { changes, templates };
}
