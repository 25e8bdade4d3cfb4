/** All statuses of a rack. */
export const rackStatuses = ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED'] as const;
/** The status of a rack. */
export type RackStatus = (typeof rackStatuses)[number];

/** All statuses of a device. Which of them it may have depends on its kind and the release. */
export const deviceStatuses = [...rackStatuses, 'SUSPENDED', 'AVAILABLE'] as const;
/** The status of a device. */
export type DeviceStatus = (typeof deviceStatuses)[number];

/** What a device can show. */
export type DeviceKind = 'server' | 'volume' | 'network';
