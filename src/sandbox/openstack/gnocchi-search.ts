import { z } from 'zod';
import { GnocchiRefusal } from './gnocchi-refusal.ts';
import type { Resource } from './gnocchi-telemetry.ts';
import { notInSandbox } from './refusal.ts';
import { parseUtc } from './times.ts';

/** Attributes that resources are searched by. */
export interface Attributes {
  readonly id: string;
  readonly project_id: string;
  readonly ended_at: null;
  readonly display_name?: string;
  readonly instance_id?: string;
}

const Condition = z.record(z.string(), z.unknown()).refine((condition) => Object.keys(condition).length <= 1);

/** Whether a resource meets a search: `{"and": [{"=": {"ended_at": null}}, {"in": {"id": […]}}]}`. */
export function compileSearch(search: unknown, type: string): (resource: Resource) => boolean {
  const parsed = Condition.safeParse(search);
  if (!parsed.success) throw invalid('expected a dictionary');
  const [entry] = Object.entries(parsed.data);
  if (!entry) return () => true;
  const [operator, operand] = entry;
  switch (operator) {
    case 'and': {
      const all = z
        .array(z.unknown())
        .parse(operand)
        .map((each) => compileSearch(each, type));
      return (resource) => all.every((meets) => meets(resource));
    }
    case '=': {
      const [name, wanted] = attribute(operand, type);
      return (resource) => attributesOf(resource)[name] === wanted;
    }
    case '>=': {
      const since = z.strictObject({ revision_start: z.string() }).safeParse(operand).data;
      const from = since && parseUtc(since.revision_start);
      if (from === undefined)
        throw notInSandbox(`search resources by "${operator}" of ${JSON.stringify(operand)}`);
      return (resource) => resource.revisedAt >= from;
    }
    case 'in': {
      const [name, wanted] = attribute(operand, type);
      if (!Array.isArray(wanted) || wanted.length === 0) throw invalid('length of value must be at least 1');
      const values = new Set(wanted);
      return (resource) => values.has(attributesOf(resource)[name]);
    }
    default:
      throw notInSandbox(`search resources by "${operator}"`);
  }
}

export function attributesOf(resource: Resource): Attributes {
  const { id, type, server, name } = resource;
  return {
    id,
    project_id: server.projectId,
    ended_at: null,
    ...(type === 'instance' ? { display_name: name } : { instance_id: server.id }),
  };
}

/** The attribute that each type has besides those of every type. */
const ownAttributes: Readonly<Record<string, string>> = { generic: 'id', instance: 'display_name' };

function attribute(operand: unknown, type: string): [keyof Attributes, unknown] {
  const [entry] = Object.entries(z.record(z.string(), z.unknown()).parse(operand));
  if (!entry) throw invalid('length of value must be at least 1');
  const [name, wanted] = entry;
  const known = ['id', 'project_id', 'ended_at', ownAttributes[type] ?? 'instance_id'];
  if (!known.includes(name)) {
    throw new GnocchiRefusal(400, `Resource type ${type} has no ${name} attribute`);
  }
  return [name as keyof Attributes, wanted];
}

function invalid(reason: string): GnocchiRefusal {
  return new GnocchiRefusal(400, { cause: 'Invalid input', reason, detail: [] });
}
