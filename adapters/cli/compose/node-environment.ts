/** What a node takes from its surroundings: time, chance, ids and a name; from the machine, or all of it from one seed. */
import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Environment } from '../../../actors/environment.ts';
import { uuidV5 } from '../../../events/ids.ts';

/** @param seed makes ids, seeds and clock reproducible: one seed, one history */
export function nodeEnvironment(seed: number | undefined, name: string | undefined): Environment {
  return seed === undefined ? realEnvironment(name) : seededEnvironment(seed, name);
}

function realEnvironment(name = `${hostname()}-${randomBytes(3).toString('hex')}`): Environment {
  // Random seeds are drawn many at once: a call to the system's generator for each would cost more than a choice.
  let pool = new Uint32Array(0);
  let used = 0;
  return {
    node: name,
    now: () => Date.now(),
    uuid: () => randomUUID(),
    seed: () => {
      if (used === pool.length) {
        pool = crypto.getRandomValues(new Uint32Array(1024));
        used = 0;
      }
      return pool[used++] ?? 0;
    },
    sleep,
  };
}

/** Longest delay that a timer of Node takes; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // Not the timer of node:timers/promises: that one makes an error, stack and all, for every sleep that is cut short.
    const timer = setTimeout(resolve, Math.min(ms, LONGEST_MS)).unref();
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Noon of 1 January 2026, where reproducible histories begin. */
const SEEDED_START = 1_767_268_800_000;

function seededEnvironment(seed: number, name = 'seeded'): Environment {
  // Neighbouring seeds begin alike in this generator: a hash sets them apart.
  const random = xoroshiro128plus(Number.parseInt(uuidV5(`seeds:${seed}`).slice(0, 8), 16));
  let ticks = 0;
  let ids = 0;
  return {
    node: name,
    now: () => SEEDED_START + ticks++,
    uuid: () => uuidV5(`seeded:${seed}:${ids++}`),
    seed: () => random.next() >>> 0,
    sleep,
  };
}

/** 32 bytes for a purpose: of the system’s generator, or of the seed. */
export function randomOr(seed: number | undefined, purpose: string): Uint8Array {
  return seed === undefined
    ? randomBytes(32)
    : Buffer.from(uuidV5(`${purpose}:${seed}`).replaceAll('-', '').repeat(2).slice(0, 64), 'hex');
}

/** Salts of people, one after the other, of the seed. */
export function saltsOf(seed: number): () => Uint8Array {
  let made = 0;
  return () => Buffer.from(uuidV5(`salt:${seed}:${made++}`).replaceAll('-', ''), 'hex');
}
