import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccountId, OrderId } from '../../src/billing/billing.ts';
import type { KillBillClient } from '../../src/billing/killbill/client.ts';
import { KillBill } from '../../src/billing/killbill/killbill.ts';
import { LedgerRebuild } from '../../src/billing/ledger-rebuild.ts';
import { type IsSettled, OrderSweep } from '../../src/billing/order-sweep.ts';
import { StackLedger } from '../../src/billing/stack-ledger.ts';
import { UsageLedger } from '../../src/billing/usage/usage-ledger.ts';
import { UsagePoster } from '../../src/billing/usage/usage-poster.ts';
import { closedDays } from '../../src/billing/usage/usage-progress.ts';
import type { Account } from '../../src/sandbox/population.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { killBillOn, sessionsOn } from '../support/sandbox-sessions.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** An event; its numbers select among what exists at that moment. */
export type UsageEvent =
  | { readonly kind: 'hours pass'; readonly hours: number }
  | { readonly kind: 'launch' }
  | { readonly kind: 'add device'; readonly which: number }
  | { readonly kind: 'delete device'; readonly which: number }
  | { readonly kind: 'destroy'; readonly which: number }
  | { readonly kind: 'CloudKitty is late'; readonly hours: number }
  /** Of a device, an hour that was rated some time ago costs more, or less, than it did. */
  | { readonly kind: 'rated again'; readonly which: number; readonly hoursAgo: number; readonly by: number }
  | { readonly kind: 'run'; readonly poster: number }
  | { readonly kind: 'both run' }
  /** The process is killed, before or after KillBill has carried out its request. */
  | { readonly kind: 'killed'; readonly poster: number; readonly requests: number; readonly done: boolean }
  | { readonly kind: 'answers lost'; readonly poster: number; readonly times: number }
  | { readonly kind: 'KillBill fails'; readonly poster: number }
  | { readonly kind: 'records of usage lost'; readonly poster: number }
  /**
   * `stacks.jsonl` is lost: the next run learns again what belongs to existing stacks, and of the others
   * what Heat remembers.
   */
  | { readonly kind: 'memberships lost' }
  /** Heat loses its oldest events, and with them whatever is deleted by now. */
  | { readonly kind: 'Heat forgets' };

interface WorldDevice {
  readonly id: string;
  readonly stack: WorldStack;
  readonly from: number;
  until: number | undefined;
  /** The device was gone when Heat lost its events. */
  isPurged: boolean;
  /** It was also gone when the memberships were lost: nothing remembers its stack. */
  isForgotten: boolean;
  readonly types: readonly { readonly type: string; readonly rate: number }[];
}

interface WorldStack {
  readonly id: string;
  readonly projectId: string;
  readonly order: OrderId;
  goneAt: number | undefined;
}

/** One process that may be the writer, as far as it remembers anything. */
interface Writer {
  readonly rebuild: LedgerRebuild;
  readonly poster: UsagePoster;
  readonly sweep: OrderSweep;
  readonly isSettled: IsSettled;
}

/** The sum of what was rated for a bucket: now, and at its highest. */
interface Sum {
  now: number;
  most: number;
  readonly ofDevice: Map<WorldDevice, number>;
}

/** A cloud that is rated, a KillBill, and two processes that may record usage, whatever happens to them. */
export class UsageWorld implements AsyncDisposable {
  readonly clock = new HastyClock();
  readonly #sandbox: Awaited<ReturnType<typeof startSandbox>>;
  readonly #sessions: ReturnType<typeof sessionsOn>;
  readonly #client: KillBillClient;
  readonly #billing: KillBill;
  readonly #dataDir: string;
  #stackLedger: StackLedger;
  readonly #writers: (Writer | undefined)[] = [undefined, undefined];
  readonly #stacks: WorldStack[] = [];
  readonly #devices: WorldDevice[] = [];
  readonly #sums = new Map<string, Sum>();
  /** Up to when the devices' hours are with CloudKitty, which rates them when it gets there. */
  #pushedUntil: number;
  #accounts = new Map<string, AccountId>();

  private constructor(sandbox: Awaited<ReturnType<typeof startSandbox>>, clock: HastyClock, version: string) {
    this.clock = clock;
    this.#sandbox = sandbox;
    this.#sessions = sessionsOn(sandbox.config, { clock });
    this.#dataDir = mkdtempSync(join(tmpdir(), 'usage-'));
    this.#stackLedger = new StackLedger(undefined);
    this.#client = killBillOn(sandbox, { clock });
    this.#billing = new KillBill(this.#client, sandbox.killBill.plan);
    this.#pushedUntil = hourOf(clock.now());
    sandbox.killBill.version = version;
    const price = sandbox.killBill.countsWholeUnits ? 1e-6 : 1;
    for (const unit of sandbox.killBill.units.keys()) sandbox.killBill.units.set(unit, price);
  }

  static async start({ version = '0.24.0' } = {}): Promise<UsageWorld> {
    const clock = new HastyClock();
    const sandbox = await startSandbox({
      projects: 2,
      stacks: 0,
      servers: 0,
      pace: 0,
      rating: 'v2',
      clock,
      keepDeletedMs: 400 * dayMs,
    });
    return new UsageWorld(sandbox, clock, version);
  }

  async happen(event: UsageEvent): Promise<void> {
    const { faults, cloud } = this.#sandbox;
    const killbill = { service: 'killbill' } as const;
    switch (event.kind) {
      case 'hours pass':
        await this.clock.sleep(event.hours * hourMs);
        this.#rate();
        break;
      case 'launch':
        await this.#launch();
        break;
      case 'add device': {
        const stack = pick(this.#stacks.filter(isThere), event.which);
        if (stack) this.#addDevice(stack);
        // Each device is seen once, however short its life.
        await this.#note();
        break;
      }
      case 'delete device': {
        const device = pick(
          this.#devices.filter(({ until }) => until === undefined),
          event.which,
        );
        if (!device) break;
        device.until = this.clock.now();
        cloud.orchestration.deleteResource(device.stack.id, device.id);
        break;
      }
      case 'destroy': {
        const stack = pick(this.#stacks.filter(isThere), event.which);
        if (stack) this.#destroy(stack);
        break;
      }
      case 'CloudKitty is late':
        cloud.rating.waitMs = event.hours * hourMs;
        break;
      case 'rated again':
        this.#rateAgain(event);
        break;
      case 'run':
        await this.#run(event.poster);
        break;
      case 'both run':
        await Promise.all([this.#run(0), this.#run(1)]);
        break;
      case 'killed': {
        const kind = event.done ? 'reset-after' : 'reset-before';
        const path = /usages/;
        const ended = faults.add({ ...killbill, path, kind, skip: event.requests });
        await this.#run(event.poster);
        ended();
        this.#writers[event.poster] = undefined;
        break;
      }
      case 'answers lost':
        faults.add({ ...killbill, path: /usages$/, kind: 'reset-after', times: event.times });
        await this.#run(event.poster);
        faults.clear();
        break;
      case 'KillBill fails': {
        const ended = faults.add({ ...killbill, kind: 'answer', status: 503, skip: 3, times: 5 });
        await this.#run(event.poster);
        ended();
        break;
      }
      case 'records of usage lost':
        for (const name of readdirSync(this.#dataDir)) rmSync(join(this.#dataDir, name), { recursive: true });
        this.#writers[event.poster] = undefined;
        break;
      case 'memberships lost':
        this.#stackLedger = new StackLedger(undefined);
        this.#writers.fill(undefined);
        for (const device of this.#devices) if (device.isPurged) device.isForgotten = true;
        await this.#note();
        break;
      case 'Heat forgets': {
        cloud.advance();
        cloud.orchestration.forgetFormer();
        const known = await this.#stackLedger.resources();
        for (const device of this.#devices) {
          if (device.until === undefined) continue;
          device.isPurged = true;
          if (!known.has(device.id)) device.isForgotten = true;
        }
      }
    }
  }

  /** Lets everything due complete: faults end, CloudKitty is on time, days pass. */
  async settle(): Promise<void> {
    this.#sandbox.faults.clear();
    this.#sandbox.cloud.rating.waitMs = 2 * hourMs;
    for (let round = 0; round < 10; round++) {
      // Enough days for the last one to end and for a rebuild to wait in vain; enough runs to reach each day.
      await this.clock.sleep(round < 5 ? dayMs + hourMs : hourMs);
      this.#rate();
      await this.#run(round % 2);
    }
  }

  /** What is not as it has to be: nothing. */
  async wrongs(): Promise<string[]> {
    const { killBill } = this.#sandbox;
    // A new process, which has seen nothing yet and relies on the files.
    this.#writers[0] = undefined;
    const { poster } = this.#writer(0);
    const days = closedDays(this.clock.now());
    const wrongs: string[] = [];
    const recorded = new Map<string, number>();
    const keys = new Set<string>();
    for (const { subscriptionId, trackingId, unitType, recordDate, amount } of killBill.usages) {
      const [, , day = ''] = trackingId.split(':');
      const key = `${subscriptionId} ${trackingId}`;
      if (keys.has(key)) wrongs.push(`${key} is there twice`);
      keys.add(key);
      if (!(amount > 0)) wrongs.push(`${key} is ${amount}`);
      if (!recordDate.startsWith(day)) wrongs.push(`${key} is of ${recordDate}`);
      if (!days.includes(day)) wrongs.push(`${key} is of a day that is not over`);
      const bucket = `${subscriptionId} ${unitType} ${day}`;
      const price = killBill.units.get(unitType) ?? 0;
      recorded.set(bucket, (recorded.get(bucket) ?? 0) + amount * price);
    }
    const review = await poster.plan();
    const over = new Set(
      review?.steps
        .filter(({ step }) => step === 'over')
        .map(({ order, unit, day }) => `${order} ${unit} ${day}`),
    );
    const forgottenOf = this.#forgottenCosts();
    let forgottenCost = 0;
    for (const [bucket, { now, most, ofDevice }] of this.#sums) {
      if (!days.includes(bucket.split(' ')[2] ?? '')) continue;
      const is = recorded.get(bucket) ?? 0;
      const isExact = Math.abs(is - now) < 1e-5;
      // Part of what was rated too high for a while may stay recorded, and billing reports that.
      const isTold = is > now && is < most + 1e-5 && over.has(bucket);
      const forgotten = sumOfForgotten(ofDevice);
      forgottenCost += forgotten;
      // It was recorded before its devices were forgotten, or billing reports it as billed to nobody.
      if (forgotten > 0 && is > now - forgotten - 1e-5 && is < most + 1e-5) continue;
      // What the project's forgotten stacks used is billed to nobody, and covers the excess.
      const isCovered =
        is > now && is < most + 1e-5 && is - now < (forgottenOf.get(this.#coverOf(bucket)) ?? 0) + 1e-5;
      if (!isExact && !isTold && !isCovered)
        wrongs.push(`${bucket} is ${is}, and was rated ${now}, ${most} at most`);
      if (isExact && over.has(bucket)) wrongs.push(`${bucket} is right, and told to be too much`);
    }
    for (const bucket of recorded.keys()) if (!this.#sums.has(bucket)) wrongs.push(`${bucket} is nobody's`);
    for (const { step, order, unit, day } of review?.steps ?? []) {
      if (step !== 'done' && step !== 'over') wrongs.push(`${order} ${unit} ${day} is left to ${step}`);
    }
    const open = new Set((await this.#billing.orders()).map(({ id }) => id));
    for (const { order, goneAt } of this.#stacks) {
      if (open.has(order) !== (goneAt === undefined)) {
        wrongs.push(`${order} is ${open.has(order) ? 'open' : 'closed'}, and its stack went at ${goneAt}`);
      }
    }
    const unbilled = review?.unbilled ?? [];
    const unbilledCost = unbilled.reduce((sum, { cost }) => sum + cost, 0);
    if (unbilledCost > forgottenCost + 1e-5 || unbilled.some(({ because }) => because !== 'no-stack'))
      wrongs.push(`unbilled: ${JSON.stringify(unbilled)}`);
    return wrongs;
  }

  /** By project, unit and day: what was rated of devices whose stack nobody remembers. */
  #forgottenCosts(): ReadonlyMap<string, number> {
    const costs = new Map<string, number>();
    for (const [bucket, { ofDevice }] of this.#sums) {
      const key = this.#coverOf(bucket);
      costs.set(key, (costs.get(key) ?? 0) + sumOfForgotten(ofDevice));
    }
    return costs;
  }

  /** A bucket's project, unit and day. */
  #coverOf(bucket: string): string {
    const [order, unit, day] = bucket.split(' ');
    const stack = this.#stacks.find((each) => each.order === order);
    return [stack?.projectId, unit, day].join(' ');
  }

  /** The number of usage records in KillBill. */
  get records(): number {
    return this.#sandbox.killBill.usages.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.#sessions.close();
    await this.#sandbox.close();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  #writer(at: number): Writer {
    const present = this.#writers[at];
    if (present) return present;
    const rebuild = new LedgerRebuild({
      cloud: this.#sessions.cloud,
      ledger: this.#stackLedger,
      clock: this.clock,
    });
    const poster = new UsagePoster({
      book: this.#billing.usage,
      cloud: this.#sessions.cloud,
      stacks: this.#stackLedger,
      ledger: new UsageLedger(this.#dataDir),
      clock: this.clock,
      othersSince: undefined,
    });
    const sweep = new OrderSweep({
      billing: this.#billing,
      clouds: [this.#sessions.cloud],
      clock: this.clock,
    });
    const isSettled: IsSettled = (...of) => rebuild.isDone && poster.isSettled(...of);
    const made = { rebuild, poster, sweep, isSettled };
    this.#writers[at] = made;
    return made;
  }

  /** As the writer does after a full run. */
  async #run(at: number): Promise<void> {
    const { rebuild, poster, sweep, isSettled } = this.#writer(at);
    await this.#note();
    const projects = new Set(this.#stacks.map(({ projectId }) => projectId));
    await rebuild.run(projects).catch(() => {});
    await poster.run().catch(() => {});
    const present = new Set(this.#stacks.filter(isThere).map(({ id }) => id));
    await sweep.run(present, isSettled).catch(() => {});
  }

  /** What Heat shows of the stacks that are there. */
  async #note(): Promise<void> {
    const there = this.#stacks.filter(isThere);
    const members = there.map((stack): [string, string[]] => [
      stack.id,
      this.#devices
        .filter((device) => device.stack === stack && device.until === undefined)
        .map(({ id }) => id),
    ]);
    await this.#stackLedger.note(new Map(members), this.clock.now());
  }

  async #launch(): Promise<void> {
    const { population, cloud } = this.#sandbox;
    const number = this.#stacks.length;
    const owner = population.accounts[number % population.accounts.length] as Account;
    const { project, user } = owner;
    const projectId = project.id;
    const template = { description: '', parameters: {}, resources: {}, outputs: [] };
    const draft = { name: `stack-${number}`, project, owner: user, template };
    const { id } = cloud.orchestration.addStack(draft, this.clock.now());
    const account =
      this.#accounts.get(projectId) ?? (await this.#billing.accountFor({ projectId, name: projectId }));
    this.#accounts.set(projectId, account);
    const order = await this.#billing.openOrder(account, `launch-${number}`);
    await this.#billing.tagOrder(order, 'openstack_stack_id', id);
    const stack = { id, projectId, order, goneAt: undefined };
    this.#stacks.push(stack);
    this.#addDevice(stack);
    await this.#note();
  }

  #addDevice(stack: WorldStack): void {
    const number = this.#devices.length + 1;
    const types = [{ type: 'instance', rate: 0.0137 * number }];
    if (number % 2 === 0) types.push({ type: 'volume.size', rate: 1 / (3 * number) });
    const id = `device-${number}`;
    const resource = { name: id, type: 'OS::Nova::Server', physicalId: id };
    this.#sandbox.cloud.orchestration.addResource(stack.id, resource);
    this.#devices.push({
      id,
      stack,
      from: this.clock.now(),
      until: undefined,
      isPurged: false,
      isForgotten: false,
      types,
    });
  }

  #destroy(stack: WorldStack): void {
    stack.goneAt = this.clock.now();
    this.#sandbox.cloud.orchestration.deleteStack(stack.id);
    for (const device of this.#devices) if (device.stack === stack) device.until ??= stack.goneAt;
  }

  /** The hours of all devices up to now. */
  #rate(): void {
    const until = hourOf(this.clock.now());
    for (let begin = this.#pushedUntil; begin < until; begin += hourMs) {
      for (const device of this.#devices) {
        const isThere = device.from < begin + hourMs && (device.until === undefined || device.until > begin);
        if (isThere) for (const { type, rate } of device.types) this.#push(device, type, begin, rate);
      }
    }
    this.#pushedUntil = until;
  }

  #rateAgain({ which, hoursAgo, by }: Extract<UsageEvent, { kind: 'rated again' }>): void {
    const device = pick(this.#devices, which);
    const begin = hourOf(this.clock.now()) - (hoursAgo + 1) * hourMs;
    if (!device || begin < hourOf(device.from) || begin >= this.#pushedUntil) return;
    if (device.until !== undefined && begin >= device.until) return;
    const [{ type, rate } = { type: '', rate: 0 }] = device.types;
    // A decrease takes a tenth of the rate, so that an hour does not fall below zero.
    this.#push(device, type, begin, rate * by);
  }

  #push(device: WorldDevice, type: string, begin: number, rate: number): void {
    const { projectId, order } = device.stack;
    this.#sandbox.cloud.rating.push({ begin, id: device.id, type, projectId, quantity: 1, rate });
    const day = new Date(begin).toISOString().slice(0, 10);
    const bucket = `${order} openstack-billed-${type} ${day}`;
    const sum = this.#sums.get(bucket) ?? { now: 0, most: 0, ofDevice: new Map() };
    sum.now += rate;
    sum.ofDevice.set(device, (sum.ofDevice.get(device) ?? 0) + rate);
    sum.most = Math.max(sum.most, sum.now);
    this.#sums.set(bucket, sum);
  }
}

function sumOfForgotten(ofDevice: ReadonlyMap<WorldDevice, number>): number {
  let sum = 0;
  for (const [{ isForgotten }, cost] of ofDevice) if (isForgotten) sum += cost;
  return sum;
}

function isThere({ goneAt }: WorldStack): boolean {
  return goneAt === undefined;
}

function hourOf(ms: number): number {
  return Math.floor(ms / hourMs) * hourMs;
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % from.length];
}
