/** An id in the form of Keystone, without the dashes that the portal may have added; null: none. */
export function keystoneId(text: string | null | undefined): string | null {
  const id = text?.trim() ?? '';
  if (id === '') return null;
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id) ? id.replaceAll('-', '').toLowerCase() : id;
}
