const longest = 255;

/** Cuts a description to what the portal stores: of a device's, one character more makes it fail (500). */
export function fitDescription(description: string | undefined): string | undefined {
  if (description === undefined || description.length <= longest) return description;
  return Array.from(description).slice(0, longest).join('');
}
