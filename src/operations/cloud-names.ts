import { hash } from 'node:crypto';

/** Most characters that Keystone has for the name of a project, and for that of a user. */
const longestProjectName = 64;
const longestUserName = 255;

/** The cloud's user for a login of the portal. */
export function userNameFor(login: string): string {
  return fitted('CM_', login, '', longestUserName);
}

/** The project of a portal user, in releases without teams. */
export function userProjectNameFor(login: string): string {
  return fitted('CM_', login, '_proj', longestProjectName);
}

/** The project of a portal team. */
export function teamProjectNameFor(team: string): string {
  return fitted('CM_', team, '', longestProjectName);
}

/**
 * `CM_alice_proj`. Of a name that does not fit the beginning, and a sum of the whole: the same name always gives the same,
 * and two that begin alike give two. Keystone counts code points.
 */
function fitted(before: string, name: string, after: string, most: number): string {
  const characters = Array.from(name);
  const room = most - before.length - after.length;
  if (characters.length <= room) return before + name + after;
  const sum = `~${hash('sha256', name, 'hex').slice(0, 10)}`;
  return before + characters.slice(0, room - sum.length).join('') + sum + after;
}
