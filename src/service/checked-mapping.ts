import type { Flavor, Server, Stack } from '../openstack/model.ts';
import type { Mapping } from '../plan/mapping.ts';
import { ServiceError } from '../runtime/severity.ts';

/**
 * A mapping whose answers are checked: a program's function that throws, is asynchronous, or returns a wrong value
 * would otherwise remove what is shown, or name a rack "undefined". What stops a run names the function and
 * the object.
 */
export function checkedMapping(mapping: Mapping): Mapping {
  const { includesStack, includesServer, includesFlavor, rackName, deviceTemplate } = mapping;
  return {
    ...(includesStack && {
      includesStack: (stack: Stack) => ask('includesStack', stack, () => includesStack(stack), isBoolean),
    }),
    ...(includesServer && {
      includesServer: (server: Server) =>
        ask('includesServer', server, () => includesServer(server), isBoolean),
    }),
    ...(includesFlavor && {
      includesFlavor: (flavor: Flavor) =>
        ask('includesFlavor', flavor, () => includesFlavor(flavor), isBoolean),
    }),
    ...(rackName && {
      rackName: (stack: Stack) => ask('rackName', stack, () => rackName(stack), isName),
    }),
    ...(deviceTemplate && {
      deviceTemplate: (server, usual) =>
        ask('deviceTemplate', server, () => deviceTemplate(server, usual), isTemplate),
    }),
  };
}

/** Tests whether an answer is valid, and describes what was expected. */
interface Expected {
  readonly is: (answer: unknown) => boolean;
  readonly text: string;
}

const isBoolean: Expected = { is: (answer) => typeof answer === 'boolean', text: 'true or false' };
const isName: Expected = {
  is: (answer) => typeof answer === 'string' && answer.trim() !== '',
  text: 'a text that is not empty',
};
const isTemplate: Expected = {
  is: (answer) =>
    typeof answer === 'object' &&
    answer !== null &&
    'foreignId' in answer &&
    isName.is(answer.foreignId) &&
    'name' in answer &&
    isName.is(answer.name) &&
    'height' in answer &&
    Number.isInteger(answer.height) &&
    Number(answer.height) > 0,
  text: 'a template with foreignId, name and a height in whole units',
};

function ask<Answer>(
  name: keyof Mapping,
  { id, name: objectName }: { readonly id: string; readonly name: string },
  call: () => Answer,
  expected: Expected,
): Answer {
  const what = `mapping.${name}, for "${objectName}" (${id}),`;
  let answer: Answer;
  try {
    answer = call();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refusal(`${what} threw: ${why}`, cause);
  }
  if (answer instanceof Promise) {
    // Nobody awaits the promise: its rejection must not stop the process.
    answer.catch(() => {});
    throw refusal(`${what} is asynchronous: it gave a promise instead of ${expected.text}.`);
  }
  if (expected.is(answer)) return answer;
  throw refusal(`${what} gave ${answer === null ? 'null' : typeof answer} instead of ${expected.text}.`);
}

function refusal(message: string, cause?: unknown): ServiceError {
  return new ServiceError(message, {
    severity: 'terminal',
    hint: 'Nothing was changed in this run. A mapping decides at once, from its arguments alone.',
    ...(cause !== undefined && { cause }),
  });
}
