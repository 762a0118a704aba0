/** A real node in memory behind a real door, and a small client for it. */

import type { Reckoner } from '../../../actors/reckoner.ts';
import { openNode } from '../../../adapters/cli/compose.ts';
import { type HttpDoorOptions, openHttpDoor } from '../../../adapters/http/door.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON, or undefined where it is none. */
  readonly json: ReturnType<typeof JSON.parse>;
}

export interface TestDoor {
  readonly url: string;
  readonly port: number;
  readonly reckoner: Reckoner;
  /** Sends a body as JSON; a string or bytes go as they are. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  close(): Promise<void>;
}

export type DoorSettings = Partial<Omit<HttpDoorOptions, 'reckoner'>>;

/** The whole system behind a door on a free port. */
export async function openRealDoor(settings: DoorSettings = {}): Promise<TestDoor> {
  const node = await openNode({ seed: 7 });
  const door = await openDoorOn(node.reckoner, settings);
  return {
    ...door,
    async close() {
      await door.close();
      await node.close();
    },
  };
}

export async function openDoorOn(reckoner: Reckoner, settings: DoorSettings = {}): Promise<TestDoor> {
  const door = await openHttpDoor({ port: 0, version: '0.0.0-test', ...settings, reckoner });
  return {
    url: door.url,
    port: door.port,
    reckoner,
    call: (method, path, body, headers) => call(door.url, method, path, body, headers),
    close: () => door.close(),
  };
}

async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: { ...(raw === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(raw === undefined ? {} : { body: raw }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): Answered['json'] {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
