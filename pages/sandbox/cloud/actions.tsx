import type { ServerView, StackView } from '../../../src/sandbox/view/wire.ts';
import { ask } from '../../shared/ask.ts';
import { reveal } from '../filter.ts';
import { deviceOfServer, rackOfStack } from '../portal.ts';
import { type Selection, side } from '../selection.ts';
import { clouds } from './cloud.ts';

/** What Nova takes in which state, as far as there is a button for it. */
const verbsByState: Readonly<Record<string, readonly string[]>> = {
  active: ['stop', 'reboot', 'pause', 'suspend'],
  stopped: ['start'],
  paused: ['unpause'],
  suspended: ['resume'],
  resized: ['confirmResize', 'revertResize'],
  error: ['hardReboot'],
  shelved_offloaded: ['unshelve'],
};
const labels: Readonly<Record<string, string>> = {
  confirmResize: 'Confirm resize',
  revertResize: 'Revert resize',
  hardReboot: 'Reboot',
};

/** What can be done to a server, as somebody would with the cloud's own tools. */
export function ServerActions({ server }: { server: ServerView }) {
  const { id, cloud, vmState, taskState, flavorId } = server;
  const act = (verb: string, more: object = {}) =>
    void ask(`./sandbox/servers/${id}/action`, { verb, ...more });
  const verbs = taskState === null ? (verbsByState[vmState] ?? []) : [];
  const canResize = taskState === null && (vmState === 'active' || vmState === 'stopped');
  const flavors = clouds.value.find(({ name }) => name === cloud)?.flavors ?? [];
  const found = deviceOfServer(id);
  return (
    <div class="actions">
      {verbs.map((verb) => (
        <Action key={verb} label={labels[verb] ?? capital(verb)} act={() => act(verb)} />
      ))}
      {canResize && (
        <select
          class="field"
          aria-label="Resize to"
          value={flavorId}
          onChange={({ currentTarget }) => act('resize', { flavorId: currentTarget.value })}
        >
          {flavors.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
      {vmState !== 'error' && <Action label="Break" act={() => act('fail')} />}
      <Action label="Delete" isDanger act={() => act('delete')} />
      <ShowInPortal selection={found && { kind: 'device', id: found.id }} />
    </div>
  );
}

/** The same for a stack. */
export function StackActions({ stack }: { stack: StackView }) {
  const { id, status, nodes } = stack;
  const act = (verb: string, more: object = {}) =>
    void ask(`./sandbox/stacks/${id}/action`, { verb, ...more });
  const isAtRest = !status.endsWith('_IN_PROGRESS');
  const isSuspended = status.startsWith('SUSPEND');
  const found = rackOfStack(id);
  return (
    <div class="actions">
      {isAtRest && nodes !== null && !isSuspended && (
        <>
          <Action label="Add a node" act={() => act('resize', { nodes: nodes + 1 })} />
          {nodes > 0 && <Action label="Remove a node" act={() => act('resize', { nodes: nodes - 1 })} />}
        </>
      )}
      {isAtRest &&
        (isSuspended ? (
          <Action label="Resume" act={() => act('resume')} />
        ) : (
          <Action label="Suspend" act={() => act('suspend')} />
        ))}
      {isAtRest && <Action label="Break" act={() => act('fail')} />}
      <Action label="Delete" isDanger act={() => act('delete')} />
      <ShowInPortal selection={found && { kind: 'rack', id: found.id }} />
    </div>
  );
}

function ShowInPortal({ selection }: { selection: Selection | undefined }) {
  if (!selection) return null;
  return (
    <Action
      label="Show"
      act={() => {
        reveal(selection);
        side.value = 'portal';
      }}
    />
  );
}

function Action({ label, isDanger, act }: { label: string; isDanger?: boolean; act: () => void }) {
  return (
    <button type="button" class={isDanger ? 'button danger' : 'button'} onClick={act}>
      {label}
    </button>
  );
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
