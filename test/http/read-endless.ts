/** `node read-endless.ts URL MAX_BYTES`: asks for an answer, and prints what came of it and the most memory that was held. */
import { HttpClient } from '../../src/http/client.ts';

const [url = '', maxBytes] = process.argv.slice(2);
const client = new HttpClient({
  service: 'Nova',
  ...(maxBytes === undefined ? {} : { maxBytes: Number(maxBytes) }),
});
const before = process.resourceUsage().maxRSS;
const outcome = await client.request({ method: 'GET', url, route: '/' }).then(
  () => 'an answer',
  (error: Error) => `${error.name}: ${error.message}`,
);
await client.close();
console.log(JSON.stringify({ outcome, grownMiB: (process.resourceUsage().maxRSS - before) / 1024 }));
