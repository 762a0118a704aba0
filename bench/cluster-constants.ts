/** What the model of a large cluster is computed from, measured in the same run. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRing } from '../actors/cluster/rendezvous.ts';
import { openNode } from '../adapters/cli/compose.ts';
import type { Heartbeat } from '../adapters/nats/members.ts';
import { openAsking } from '../test/adapters/nats/processes.ts';
import { contextOf, DOMAIN, decidingDomain } from './deciding-domain.ts';

/** Nanoseconds to find the owner of a bucket among so many nodes. */
export function ownerNanoseconds(nodes: number): number {
  const ring = createRing(Array.from({ length: nodes }, (_, index) => `host-${index}.example-8080`));
  const streams = Array.from({ length: 1_000 }, (_, index) => `bucket-default-bench-${'abcdefghij'}${index}`);
  let time = Infinity;
  for (let round = 0; round < 20; round++) {
    const began = performance.now();
    for (const stream of streams) ring.ownerOf(stream);
    time = Math.min(time, performance.now() - began);
  }
  return Math.round((time / streams.length) * 1e6);
}

/** Bytes of a heartbeat's payload. */
export function heartbeatBytes(): number {
  const beat: Heartbeat = {
    ...{ name: 'host-17.example-8080', instance: crypto.randomUUID(), version: '0.1.0', started: Date.now() },
    ...{ clock: Date.now(), log: crypto.randomUUID(), takesPart: true },
    status: { liveBuckets: 10_000, inFlight: 64, position: '0'.repeat(16), forwarded: 1e9, takenOver: 100 },
  };
  return Buffer.byteLength(JSON.stringify(beat));
}

const FEW = 1_000;
const MANY = 5_000;

/** Bytes of heap that a live bucket holds after one decision: the difference of many and few. */
export async function bucketBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // the flag has made it
  const node = await openNode();
  try {
    await node.reckoner.configure(DOMAIN, decidingDomain(MANY));
    const heapAfter = async (from: number, to: number) => {
      for (let bucket = from; bucket < to; bucket++)
        await node.reckoner.decide(DOMAIN, { context: contextOf(bucket, bucket), propensity: 'lazy' });
      collect();
      return process.memoryUsage().heapUsed;
    };
    // As many as the node remembers of decisions have been made before: what it keeps of them does not grow any more.
    const few = await heapAfter(0, FEW)
      .then(() => heapAfter(0, FEW))
      .then(() => heapAfter(0, FEW));
    const many = await heapAfter(FEW, MANY);
    return Math.round((many - few) / (MANY - FEW));
  } finally {
    await node.close();
  }
}

/** Requests a second that a responder which does nothing answers over the same server. */
export async function bareRequests(url: string, inFlight: number, seconds: number): Promise<number> {
  const [asking, answering] = [await openAsking(url, 10_000), await openAsking(url, 10_000)];
  const body = { context: contextOf(1, 1) };
  const responder = answering.bus.respond('decide.*', async (message) => ({ ok: true, body: message.body }));
  await answering.bus.publish('nodes.ready', {});
  let answered = 0;
  const end = performance.now() + seconds * 1000;
  const caller = async () => {
    for (; performance.now() < end; answered++) await asking.bus.request('decide.bare', body);
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  await responder.close();
  await asking.close();
  await answering.close();
  return Math.round(answered / seconds);
}
