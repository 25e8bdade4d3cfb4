import type { DomainRef } from '../openstack/credentials.ts';
import { createProject, deleteProject, listGrants } from '../openstack/identity.ts';
import type { ProjectId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { Audit } from './audit.ts';
import { teamProjectNameFor } from './cloud-names.ts';
import { makeGrants, staffGrants } from './create-user-project.ts';
import { make } from './find-or-make.ts';
import { domainOf, findOwnProject } from './find-own.ts';
import { Made, withLeftovers } from './made.ts';
import { mark } from './managed.ts';
import { operationError } from './operation-error.ts';
import { refuseInheritance } from './same-person.ts';
import { findStaff } from './staff.ts';

/** What a team of the portal is given: a project of the cloud. */
export interface TeamDraft {
  /** As the portal knows the team. */
  readonly name: string;
  readonly knownProjectId: ProjectId | undefined;
  readonly domain: DomainRef | undefined;
  /** Whether CloudKitty is to rate its project. */
  readonly billing: boolean;
}

/**
 * Gives a team of the portal a project of the cloud, with the roles of those who look after it. What is there already is
 * completed, unless it belonged to an earlier team of the same name.
 *
 * @throws {OperationError} see createUserProject
 */
export async function createTeam(session: Session, draft: TeamDraft, audit: Audit): Promise<ProjectId> {
  const { userId: adminId } = await session.token();
  const domainId = await domainOf(session, draft.domain);
  const place = { name: teamProjectNameFor(draft.name), domainId };
  const [staff, project] = await Promise.all([
    findStaff(session, { domainId, billing: draft.billing }),
    findOwnProject(session, place, draft.knownProjectId),
  ]);
  if (project && project.id !== draft.knownProjectId) {
    await refuseInheritance(session, project, [adminId, ...Object.values(staff.users)]);
  }
  const made = new Made();
  try {
    const { id: projectId } =
      project ??
      (await make({
        create: () => createProject(session, { ...place, description: `${mark} Project` }),
        find: () => findOwnProject(session, place),
        isMade: ({ id }) => {
          made.add(`project ${place.name}`, () => deleteProject(session, id));
          audit({ verb: 'created', kind: 'project', id, name: place.name });
        },
      }));
    const present = project ? await listGrants(session, { projectId }) : [];
    await makeGrants(session, staffGrants(staff, { projectId, adminId }), present, made);
    return projectId;
  } catch (error) {
    throw withLeftovers(operationError(error, [], session), await made.takeBack());
  }
}
