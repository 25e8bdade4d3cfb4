import type { Status } from '../../observability/status.ts';
import type { PlanJson } from '../../plan/plan-json.ts';

/** The event `status` of `GET /ui/events`. */
export interface StatusView {
  /** The time by the service's clock, ISO. */
  readonly at: string;
  /** Of this process first, then of the others of the deployment that answer. */
  readonly processes: readonly Status[];
  /** Components that there is work for, and that none of the processes runs. */
  readonly missing: readonly string[];
  /** Where the portal is. */
  readonly portal: string;
  /** Whether the page can have everything examined that the service depends on. */
  readonly hasDoctor: boolean;
}

/** `POST /ui/plan` */
export interface PlanView {
  readonly at: string;
  readonly plan: PlanJson;
}

/** `POST /ui/pause` (with a `reason`, or without) and `POST /ui/resume`. */
export interface PauseView {
  readonly paused: { readonly since: string; readonly reason: string | null } | null;
}

/** `POST /ui/doctor` */
export interface DoctorView {
  readonly at: string;
  readonly findings: readonly {
    readonly check: string;
    readonly level: 'ok' | 'warning' | 'error';
    readonly found: string;
    readonly why: string | undefined;
    readonly repair: string | undefined;
  }[];
  readonly unchecked: readonly { readonly check: string; readonly because: string }[];
}
