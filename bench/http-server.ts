/**
 * One of the two servers that `http.ts` drives, as a process of its own: `node http-server.js bare` or
 * `node http-server.js reckoner {dataDir}`. Prints its URL as its first line, and ends on SIGTERM.
 */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { openNode } from '../adapters/cli/compose.ts';
import { openHttpDoor } from '../adapters/http/door.ts';
import { benchDomains } from './http-domain.ts';

const [kind, dataDir] = process.argv.slice(2);
if (kind === 'bare') openBare();
else if (kind === 'reckoner' && dataDir !== undefined) await openReckoner(dataDir);
else throw new Error('usage: http-server.js bare | reckoner {dataDir}');

/** As little as a handler can do that takes and gives JSON: what it costs is the price of HTTP in this process. */
function openBare(): void {
  const app = new Hono();
  app.post('/v1/domains/:domain/decisions', async (c) => c.json(await c.req.json(), 201));
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
    console.log(`http://127.0.0.1:${port}`);
  });
  process.once('SIGTERM', () => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}

/** The whole system on disk, with the log synced before each answer, as it ships. */
async function openReckoner(directory: string): Promise<void> {
  const node = await openNode({ dataDir: directory });
  for (const { name, config } of Object.values(benchDomains)) await node.reckoner.configure(name, config);
  const door = await openHttpDoor({ reckoner: node.reckoner, port: 0, version: 'bench' });
  console.log(door.url);
  process.once('SIGTERM', async () => {
    await door.close();
    await node.close();
  });
}
