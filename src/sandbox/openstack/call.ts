import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Cloud } from '../cloud/cloud.ts';
import type { Project, Token } from '../cloud/identity.ts';
import { faultOfName, type NamedFault } from '../fault-name.ts';
import { strike } from '../http-service.ts';
import { Refusal } from './refusal.ts';

/** One request with a good token. */
export class Call {
  readonly cloud: Cloud;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly token: Token;
  readonly query: URLSearchParams;

  constructor(cloud: Cloud, request: FastifyRequest, reply: FastifyReply, token: Token) {
    this.cloud = cloud;
    this.request = request;
    this.reply = reply;
    this.token = token;
    this.query = new URL(request.url, 'http://unused').searchParams;
  }

  get isAdmin(): boolean {
    return this.token.roles.some((role) => role.name === 'admin');
  }

  get project(): Project | undefined {
    return this.token.project;
  }

  /** The address by which the caller reached the service: links begin with it. */
  get base(): string {
    return `http://${this.request.host}`;
  }

  /** A named part of the path. */
  parameter(name: string): string {
    return (this.request.params as Record<string, string>)[name] ?? '';
  }

  /** The body's JSON object; an empty one when it is none. */
  get body(): Readonly<Record<string, unknown>> {
    const { body } = this.request;
    return typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : {};
  }

  /** Has the fault that a name asks for hit this exchange. */
  async meet(fault: NamedFault | undefined): Promise<void> {
    if (!fault) return;
    if (fault.kind === 'answer')
      throw new Refusal(fault.status, 'A name in the sandbox asks for this failure.');
    await strike(this.request, this.reply, fault, this.cloud.options.clock);
  }

  async meetProject(project: Project | undefined): Promise<void> {
    await this.meet(project && faultOfName(project.name));
  }
}
