import { renameSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../actors/reckoner.ts';
import { openNode } from '../../../adapters/cli/compose.ts';
import { openHttpDoor } from '../../../adapters/http/door.ts';
import { decisionAnswer } from '../../../adapters/http/examples.ts';
import type { SeenRequest } from '../../../adapters/http/observe.ts';
import { ReckonerError } from '../../../events/errors.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';
import { expectProblem } from './expect-problem.ts';
import { openDoorOn, openRealDoor } from './open-door.ts';
import { stubReckoner } from './stub-reckoner.ts';

const path = '/v1/domains/any/decisions';

describe('the door', () => {
  test('says which port is taken and what to do', async () => {
    const door = await openRealDoor();
    const second = openHttpDoor({ reckoner: door.reckoner, port: door.port, version: 'test' });
    await expect(second).rejects.toMatchObject({
      code: 'port_unavailable',
      problem: { remedy: expect.stringMatching(/port/) },
    });
    await expect(second).rejects.toThrow(`127.0.0.1:${door.port}`);
    await door.close();
  });

  test('leaves the Request and Response of the process as they are', async () => {
    const before = [globalThis.Request, globalThis.Response];
    const door = await openDoorOn(stubReckoner({}));
    await door.close();
    expect([globalThis.Request, globalThis.Response]).toEqual(before);
  });

  test('says that an address is not of this machine', async () => {
    for (const host of ['203.0.113.7', 'no-such-name.invalid']) {
      const opening = openHttpDoor({ reckoner: stubReckoner({}), host, port: 0, version: 'test' });
      await expect(opening).rejects.toMatchObject({
        code: 'port_unavailable',
        problem: { remedy: expect.stringMatching(/^Bind an address of this machine/) },
      });
    }
  });

  test('answers to any name where it is bound to more than loopback', async () => {
    const door = await openHttpDoor({ reckoner: stubReckoner({}), host: '0.0.0.0', port: 0, version: 'test' });
    const status = await new Promise((resolve, reject) => {
      const asked = request(
        { port: door.port, path: '/healthz', headers: { host: 'reckoner.internal' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      asked.on('error', reject);
      asked.end();
    });
    expect(status).toBe(200);
    await door.close();
  });

  test('closes after the requests that have begun, and takes no new ones', async () => {
    let finish = () => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const door = await openDoorOn(stubReckoner({ decide: () => slow.then(() => decisionAnswer) }));
    const begun = door.call('POST', path, {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = door.close();
    expect(door.close(), 'closing twice is closing once').toBe(closed);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(door.call('GET', '/healthz')).rejects.toThrow();
    finish();
    const answer = await begun;
    expect(answer.status).toBe(201);
    expect(answer.headers.get('connection')).toBe('close');
    await closed;
  });

  test('closes at once where connections are open and silent', async () => {
    const door = await openRealDoor();
    await Promise.all(Array.from({ length: 8 }, () => door.call('GET', '/healthz')));
    const from = performance.now();
    await door.close();
    expect(performance.now() - from).toBeLessThan(2000);
  });

  test('tells of every request by its route, never by its path', async () => {
    const seen: SeenRequest[] = [];
    const door = await openRealDoor({ onRequest: (request) => seen.push(request) });
    await door.call('GET', '/v1/domains/secret_name', undefined, { 'x-request-id': 'one' });
    await door.call('GET', '/nowhere');
    await door.close();
    expect(seen[0]).toMatchObject({ method: 'GET', route: '/v1/domains/{domain}', status: 404, correlationId: 'one' });
    expect(seen[1]).toMatchObject({ route: 'unmatched', status: 404 });
    expect(seen[0]?.seconds).toBeGreaterThan(0);
  });

  test('answers, and lives, where the listener to its requests fails', async () => {
    const logged: object[] = [];
    const onRequest = () => {
      throw new RangeError('label too long');
    };
    const door = await openRealDoor({ onRequest, log: { error: (fields) => logged.push(fields) } });
    expect((await door.call('GET', '/healthz')).status).toBe(200);
    expect((await door.call('GET', '/healthz')).status).toBe(200);
    await door.close();
    expect(logged).toMatchObject([{ error: 'RangeError' }, { error: 'RangeError' }]);
  });

  test('asks who calls, and passes it on', async () => {
    const callers: (Caller | undefined)[] = [];
    const reckoner = stubReckoner({
      decide: async (_domain, _body, caller) => {
        callers.push(caller);
        return decisionAnswer;
      },
    });
    const door = await openDoorOn(reckoner, {
      caller: (headers) => ({ tenant: 'acme', by: String(headers['x-key']) }),
    });
    await door.call('POST', path, {}, { 'x-key': 'k1' });
    await door.close();
    expect(callers).toEqual([{ tenant: 'acme', by: 'k1' }]);
  });
});

describe('what fails inside', () => {
  test('is a 500 without a word of the error, and is logged by its correlation id and its place', async () => {
    const logged: object[] = [];
    const decide = () => Promise.reject(new TypeError('cannot read hunter2'));
    const door = await openDoorOn(stubReckoner({ decide }), { log: { error: (fields) => logged.push(fields) } });
    const answer = await door.call('POST', path, {}, { 'x-request-id': 'the-one' });
    await door.close();
    expectProblem(answer, 500, 'internal');
    expect(answer.text).not.toContain('hunter2');
    expect(JSON.stringify(logged)).not.toContain('hunter2');
    expect(logged).toEqual([{ correlationId: 'the-one', error: 'TypeError', frames: expect.any(Array) }]);
    expect(JSON.stringify(logged)).toContain('door.test.ts');
  });

  test('in one item of a batch fails that item, and is logged too', async () => {
    const logged: object[] = [];
    const domain = () =>
      openRealDoor().then(async (real) => {
        const view = await real.reckoner.configure('any', { arms: ['a'] });
        await real.close();
        return view;
      });
    const decide = () => Promise.reject(new Error('hunter2'));
    const door = await openDoorOn(stubReckoner({ decide, domain }), {
      log: { error: (fields) => logged.push(fields) },
    });
    const answer = await door.call('POST', `${path}/batch`, { items: [{}] });
    await door.close();
    expect(answer.json.results).toMatchObject([{ ok: false, error: { code: 'internal' } }]);
    expect(logged).toHaveLength(1);
  });

  test('is a 503 with Retry-After where it passes', async () => {
    const decide = () =>
      Promise.reject(new ReckonerError('overloaded', 'Too many requests are under way.', { retryAfter: 2.5 }));
    const door = await openDoorOn(stubReckoner({ decide }));
    const answer = await door.call('POST', path, {});
    await door.close();
    expectProblem(answer, 503, 'overloaded');
    expect(answer.headers.get('retry-after')).toBe('3');
  });

  test('shows as not ready, while the process lives', async () => {
    const health = async () => ({
      ready: false,
      state: 'draining',
      liveBuckets: 0,
      inFlight: 1,
      domains: 0,
      restarts: 0,
    });
    const door = await openDoorOn(stubReckoner({ health }));
    const ready = await door.call('GET', '/readyz');
    expect([ready.status, ready.headers.get('retry-after'), ready.json.state]).toEqual([503, '1', 'draining']);
    expect((await door.call('GET', '/healthz')).status).toBe(200);
    await door.close();
  });

  test('shows as not ready while the log takes no appends, with what to do, and as ready when it does again', async () => {
    const directory = temporaryDirectory();
    const clock = { ms: 0 };
    const node = await openNode({ dataDir: directory, log: { now: () => clock.ms } });
    const logged: object[] = [];
    const door = await openDoorOn(node.reckoner, { log: { error: (fields) => logged.push(fields) } });
    await door.call('PUT', '/v1/domains/any', { arms: ['a'] });
    renameSync(join(directory, 'events.db'), join(directory, 'away.db'));
    expect((await door.call('GET', '/readyz')).status).toBe(200);
    for (let tries = 0; tries < 3; tries++) {
      const answer = await door.call('POST', path, {});
      expectProblem(answer, 500, 'log_unusable');
      expect(answer.text, 'paths are told to the operator').not.toContain(directory);
    }
    const { json } = await door.call('POST', `${path}/batch`, { items: [{}] });
    expect(json.results).toMatchObject([{ error: { code: 'log_unusable', detail: 'The log cannot be used.' } }]);
    expect(logged, 'and once, not for every request').toEqual([
      { correlationId: expect.any(String), code: 'log_unusable', detail: expect.stringContaining(directory) },
    ]);
    const ready = await door.call('GET', '/readyz');
    expect(ready.status).toBe(503);
    expect(ready.json).toMatchObject({ ready: false, state: 'open', problem: { code: 'log_unusable' } });
    expect(ready.json.problem.remedy).toMatch(/put the file back/i);
    expect(ready.text).not.toContain(directory);
    expect((await door.call('GET', '/healthz')).status).toBe(200);
    renameSync(join(directory, 'away.db'), join(directory, 'events.db'));
    clock.ms += 2_000;
    expect((await door.call('GET', '/readyz')).json).toMatchObject({ ready: true });
    expect((await door.call('POST', path, {})).status).toBe(201);
    await door.close();
    await node.close();
  });
});
