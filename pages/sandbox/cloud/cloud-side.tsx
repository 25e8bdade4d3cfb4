import { computed, signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { ServerView, StackView } from '../../../src/sandbox/view/wire.ts';
import { useKeptFocus } from '../../shared/kept-focus.ts';
import { isUnknown } from '../../shared/live.ts';
import { px } from '../../shared/px.ts';
import { StatusMark } from '../../shared/status-mark.tsx';
import { stackEnding } from '../names.ts';
import { device, owners, rackContents } from '../portal.ts';
import { selected } from '../selection.ts';
import { ServerActions, StackActions } from './actions.tsx';
import { clouds, open, stacksOf, statusOfServer, statusOfStack } from './cloud.ts';
import { NewStack } from './new-stack.tsx';

type Item =
  | { readonly kind: 'cloud-name'; readonly id: string; readonly name: string }
  | { readonly kind: 'project'; readonly id: string; readonly name: string }
  | { readonly kind: 'stack'; readonly id: string; readonly stack: StackView; readonly count: number }
  | { readonly kind: 'server'; readonly id: string; readonly server: ServerView }
  | { readonly kind: 'actions'; readonly id: string; readonly of: StackView | ServerView };

/** Whose actions are shown: one at a time. */
const chosen = signal<string | undefined>(undefined);
const view = signal({ top: 0, height: 600 });

const rowHeight = 32;
const actionsHeight = 84;
const beyond = 300;

/** One below the other, with where each begins, px. */
const items = computed(() => {
  const placed: { item: Item; top: number }[] = [];
  let top = 0;
  const add = (item: Item) => {
    placed.push({ item, top });
    top += item.kind === 'actions' ? actionsHeight : rowHeight;
  };
  const isSeveral = clouds.value.length > 1;
  for (const { name } of clouds.value) {
    if (isSeveral) add({ kind: 'cloud-name', id: name, name });
    for (const { login, projectId, clouds } of owners.value) {
      if (isSeveral && !clouds.includes(name)) continue;
      add({ kind: 'project', id: `${name} ${login}`, name: login });
      for (const { stack, servers } of stacksOf(name, projectId)) {
        add({ kind: 'stack', id: stack.id, stack, count: servers.length });
        if (chosen.value === stack.id) add({ kind: 'actions', id: `${stack.id} actions`, of: stack });
        if (!open.value.has(stack.id)) continue;
        for (const server of servers) {
          add({ kind: 'server', id: server.id, server });
          if (chosen.value === server.id) add({ kind: 'actions', id: `${server.id} actions`, of: server });
        }
      }
    }
  }
  return { placed, height: top };
});

/** The server or stack that is selected as a device or rack in the portal. */
const counterpart = computed(() => {
  const selection = selected.value;
  if (!selection) return undefined;
  const { kind, id } = selection;
  return kind === 'device' ? device(id)?.serverId : rackContents(id)?.rack.stackId;
});

/** The simulated clouds: what there is, and what can be done to it by hand. */
export function CloudSide() {
  const section = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const box = useRef<HTMLDivElement>(null);
  // A button goes with the state that allows it, and all of them with a server that is deleted.
  useKeptFocus(
    section,
    () => section.current?.querySelector<HTMLElement>(`[data-id="${chosen.peek()}"]`) ?? heading.current,
  );
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => {
      view.value = { top: element.scrollTop, height: element.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => observer.disconnect();
  }, []);
  // What is done to it on the portal's side is seen to happen here.
  useEffect(() => {
    const place = items.peek().placed.find(({ item }) => item.id === counterpart.value);
    if (place && box.current) box.current.scrollTop = place.top - box.current.clientHeight / 3;
  }, [counterpart.value]);
  const { top: from, height } = view.value;
  const seen = items.value.placed.filter(
    ({ item, top }) => (top > from - beyond && top < from + height + beyond) || item.id === chosen.value,
  );
  return (
    <section class="cloud" aria-labelledby="cloud-heading" ref={section}>
      <header>
        <h2 id="cloud-heading" ref={heading} tabIndex={-1}>
          {clouds.value.length > 1 ? 'Clouds' : 'Cloud'}
        </h2>
        <NewStack />
      </header>
      {isUnknown.value && <p class="soft loading">Loading…</p>}
      <div class="cloud-list" ref={box}>
        <ul class="rows" style={{ height: px(items.value.height) }}>
          {seen.map(({ item, top }) => (
            <li key={item.id} class={`cloud-row ${item.kind}`} style={{ top: px(top) }}>
              <ItemRow item={item} />
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function ItemRow({ item }: { item: Item }) {
  if (item.kind === 'cloud-name') return <h3>{item.name}</h3>;
  if (item.kind === 'project') return clouds.value.length > 1 ? <h4>{item.name}</h4> : <h3>{item.name}</h3>;
  if (item.kind === 'stack') return <StackRow stack={item.stack} count={item.count} />;
  if (item.kind === 'server') return <ServerRow server={item.server} />;
  return 'vmState' in item.of ? <ServerActions server={item.of} /> : <StackActions stack={item.of} />;
}

function StackRow({ stack, count }: { stack: StackView; count: number }) {
  const isOpen = open.value.has(stack.id);
  const shortName = stack.name.slice(0, stack.name.length - stackEnding(stack.name).length);
  const toggle = () => {
    const others = [...open.peek()].filter((id) => id !== stack.id);
    open.value = new Set(isOpen ? others : [...others, stack.id]);
  };
  return (
    <>
      <button
        type="button"
        class="fold"
        aria-expanded={isOpen}
        aria-label={`Servers of ${shortName}`}
        onClick={toggle}
      >
        {isOpen ? '▾' : '▸'}
      </button>
      <RowButton id={stack.id} status={statusOfStack(stack)} name={shortName} title={stack.name}>
        {stack.status.toLowerCase().replaceAll('_', ' ')}, {count}
      </RowButton>
    </>
  );
}

function ServerRow({ server }: { server: ServerView }) {
  const { vmState, taskState } = server;
  return (
    <RowButton id={server.id} status={statusOfServer(server)} name={server.name} title={server.name}>
      {taskState === null ? vmState : taskState.replaceAll('_', ' ')}
    </RowButton>
  );
}

function RowButton(props: {
  id: string;
  status: string;
  name: string;
  title: string;
  children: ComponentChildren;
}) {
  const isChosen = chosen.value === props.id;
  const classes = ['row-button'];
  if (isChosen) classes.push('chosen');
  if (counterpart.value === props.id) classes.push('counterpart');
  return (
    <button
      type="button"
      class={classes.join(' ')}
      data-id={props.id}
      aria-expanded={isChosen}
      title={props.title}
      onClick={() => {
        chosen.value = isChosen ? undefined : props.id;
      }}
    >
      <StatusMark status={props.status} />
      <span class="name">{props.name}</span>
      <span class="soft">{props.children}</span>
    </button>
  );
}
