/** What a rack can be. */
export const rackStatuses = ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED'] as const;
/** What a rack is. */
export type RackStatus = (typeof rackStatuses)[number];

/** What a device can be; which of them, depends on its kind and the release. */
export const deviceStatuses = [...rackStatuses, 'SUSPENDED', 'AVAILABLE'] as const;
/** What a device is. */
export type DeviceStatus = (typeof deviceStatuses)[number];

/** What a device can show. */
export type DeviceKind = 'server' | 'volume' | 'network';
