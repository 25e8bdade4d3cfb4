/** An id as Keystone writes it, whatever the portal has made of it: without the dashes of a UUID; null for none. */
export function keystoneId(text: string | null | undefined): string | null {
  const id = text?.trim() ?? '';
  if (id === '') return null;
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id) ? id.replaceAll('-', '').toLowerCase() : id;
}
