/** What the units and images give to Node. */
export const nodeOptions = ['--max-semi-space-size=8'];

/** What they give to the process of a component: Node would keep 128 MB for new objects alone, the C library a heap for each thread. */
export const serviceEnv = { NODE_OPTIONS: nodeOptions.join(' '), MALLOC_ARENA_MAX: '2' };
