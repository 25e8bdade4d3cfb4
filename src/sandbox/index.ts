/**
 * An OpenStack cloud and a Concertim portal in one process, over real HTTP: for trying things on, and for tests.
 *
 * @packageDocumentation
 */
export type { Fault, FaultAim, FaultKind } from './faults.ts';
export { type Sandbox, type SandboxOptions, type ServiceName, startSandbox } from './sandbox.ts';
export type { CloudSettings, SandboxCloud } from './sandbox-cloud.ts';
