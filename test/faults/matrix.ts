/** What can go wrong, the rows of the matrix. */
export const faultNames = [
  'connection refused',
  'reset before it was carried out',
  'reset after it was carried out',
  'time-out',
  '401',
  '403',
  '404',
  '409',
  '429 with Retry-After',
  '500',
  '502 with HTML',
  '503',
  'truncated JSON',
  'wrong types',
  'empty list',
  'half a list',
  'duplicate entries',
  'stale list',
  'others hidden',
  'slow loris',
  'endless pages',
  'a cell down',
  'huge message',
] as const;
export type FaultName = (typeof faultNames)[number];

/** Whom it goes wrong with, the columns. */
export const systems = [
  'Keystone',
  'Nova',
  'Heat',
  'Cinder',
  'Neutron',
  'Gnocchi',
  'Concertim',
  'metric daemon',
  'RabbitMQ',
] as const;
export type System = (typeof systems)[number];
export type HttpSystem = Exclude<System, 'RabbitMQ'>;

/** When it goes wrong, the parts of a cell. */
export const phases = ['first run', 'steady', 'burst'] as const;
export type Phase = (typeof phases)[number];

export interface Cell {
  readonly fault: FaultName;
  readonly system: System;
  readonly phase: Phase;
}

export const cells: readonly Cell[] = faultNames.flatMap((fault) =>
  systems.flatMap((system) => phases.map((phase) => ({ fault, system, phase }))),
);

/** As its test is called. */
export function nameOf({ fault, system, phase }: Cell): string {
  return `${fault}, ${system}, ${phase}`;
}

/** Why a fault has no meaning for a system; undefined where it has one. */
export function whyNot({ fault, system }: Pick<Cell, 'fault' | 'system'>): string | undefined {
  return meaningless[system]?.[fault];
}

export function hasMeaning(cell: Pick<Cell, 'fault' | 'system'>): boolean {
  return whyNot(cell) === undefined;
}

const noLists = 'it gives no lists: values are put there, one a request';

const onlyCells = 'Nova alone has cells';
const noPages = 'its lists have no links to further pages';
const noHiding = 'it refuses an account without the right to see what is others’';
const noMessages = 'it sends no messages; answers without end are in `test/http/endless-answer.test.ts`';

const meaningless: Partial<Record<System, Partial<Record<FaultName, string>>>> = {
  Keystone: {
    'others hidden': noHiding,
    'endless pages': noPages,
    'a cell down': onlyCells,
    'huge message': noMessages,
  },
  Nova: { 'others hidden': noHiding, 'huge message': noMessages },
  Heat: { 'others hidden': noHiding, 'a cell down': onlyCells, 'huge message': noMessages },
  Cinder: { 'a cell down': onlyCells, 'huge message': noMessages },
  Neutron: { 'a cell down': onlyCells, 'huge message': noMessages },
  Gnocchi: {
    'others hidden': noHiding,
    'endless pages': noPages,
    'a cell down': onlyCells,
    'huge message': noMessages,
  },
  Concertim: {
    'others hidden': noHiding,
    'endless pages': noPages,
    'a cell down': onlyCells,
    'huge message': noMessages,
  },
  'metric daemon': {
    'others hidden': noLists,
    'endless pages': noLists,
    'a cell down': onlyCells,
    'huge message': noMessages,
    'connection refused': 'its door is the portal’s proxy, which then says 502',
    'empty list': noLists,
    'half a list': noLists,
    'duplicate entries': noLists,
    'stale list': noLists,
  },
  RabbitMQ: {
    'others hidden': noHiding,
    'endless pages': 'messages come one by one',
    'a cell down': onlyCells,
    '500': 'AMQP has no such answer: a broker that fails within closes the connection, which is a reset',
  },
};
