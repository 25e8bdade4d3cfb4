// Loaded before everything else (`node --import`): the process believes in another time, by CLOCK_OFFSET_MS.
const offsetMs = Number(process.env['CLOCK_OFFSET_MS']);
const now = Date.now;
Date.now = () => now() + offsetMs;
