/**
 * What units and images give to the process of a component: Node would keep 128 MB for new objects alone, the C library a heap for each
 * thread, and in these heaps, once it has seen a large buffer freed, every later one of up to 32 MB, between which what is free
 * cannot be given back. With a threshold of its own a buffer from 64 KiB on, which is what Node reads of a socket at a time, goes back to the
 * system when it is freed.
 */
export const serviceEnv = {
  NODE_OPTIONS: '--max-semi-space-size=8',
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '65536',
};
