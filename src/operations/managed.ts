/** By its description something in Keystone is known as Concertim's. The Python services wrote the same. */
export const mark = 'Concertim Managed';

/** Whether a project or user was made for Concertim. Nothing else is ever changed or deleted on a portal's word. */
export function isConcertims({ description }: { readonly description: string }): boolean {
  return description.includes(mark);
}
