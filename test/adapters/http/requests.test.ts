import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideExample, domainExample } from '../../../adapters/http/examples.ts';
import { expectProblem } from './expect-problem.ts';
import { openRealDoor, type TestDoor } from './open-door.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openRealDoor({ maxBodyBytes: 256 * 1024 });
  await door.call('PUT', '/v1/domains/model_routing', domainExample);
});
afterAll(async () => {
  expect((await decide({ context: decideExample.context })).status, 'it still answers').toBe(201);
  await door.close();
});

const path = '/v1/domains/model_routing/decisions';
const decide = (body: unknown, headers?: Record<string, string>) => door.call('POST', path, body, headers);

describe('a body', () => {
  test.each([
    ['empty', ''],
    ['no JSON', '{"context":'],
    ['NaN', '{"complexity":NaN}'],
    ['Infinity', '{"complexity":Infinity}'],
    ['a number beyond doubles', '{"context":{"prompt_tokens":1e999,"task":"chat"}}'],
    ['a key that is there twice', '{"k":1,"k":2}'],
    ['a prototype key', '{"__proto__":{"k":1}}'],
    ['a constructor key', '{"context":{"constructor":1}}'],
    ['deep nesting', `${'{"context":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', new Uint8Array(Buffer.from('{}', 'utf16le'))],
    ['null', 'null'],
    ['a list', '[]'],
    ['a string', '"decide"'],
    ['an unknown key', '{"contxt":{}}'],
  ])('that is %s is a 400', async (_, body) => {
    expectProblem(await decide(body), 400, 'request_invalid');
  });

  test('of another type, another charset or compressed is a 415', async () => {
    expectProblem(await decide('{}', { 'content-type': 'text/plain' }), 415, 'media_type_unsupported');
    expectProblem(
      await decide('{}', { 'content-type': 'application/json; charset=latin1' }),
      415,
      'media_type_unsupported',
    );
    expectProblem(await decide(gzipSync('{}'), { 'content-encoding': 'gzip' }), 415, 'media_type_unsupported');
  });

  test('is JSON under each way of writing its type', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="UTF-8"']) {
      expect((await decide({ context: decideExample.context }, { 'content-type': type })).status).toBe(201);
    }
  });

  test('over the limit is a 413, with its length declared or not', async () => {
    const large = JSON.stringify({ requestId: 'x'.repeat(300 * 1024) });
    expectProblem(await decide(large), 413, 'payload_too_large');
    expectProblem(await sendChunked(large), 413, 'payload_too_large');
  });

  test('may hold the replacement character, but no bytes that would decode to it', async () => {
    expectProblem(await decide({ context: { task: '\ufffd', prompt_tokens: 3 } }), 422, 'context_invalid');
    const cut = Buffer.concat([Buffer.from('{"subject":"'), Buffer.from('💥').subarray(0, 3), Buffer.from('"}')]);
    expectProblem(await decide(cut), 400, 'request_invalid');
    expectProblem(await decide(Buffer.from('\ufeff{}')), 400, 'request_invalid');
  });

  test('of what a domain refuses is a 422 that names the path and not the value', async () => {
    const answer = await decide({ context: { task: 'my password is hunter2', prompt_tokens: 3 } });
    expectProblem(answer, 422, 'context_invalid');
    expect(answer.text).not.toContain('hunter2');
    expect(answer.json.details[0].path).toBe('context.task');
  });

  test('with a key as long as the body is refused in few words', async () => {
    const answer = await decide({ ['x'.repeat(100_000)]: 1, context: { ['y'.repeat(100_000)]: 1 } });
    expectProblem(answer, 400, 'request_invalid');
    expect(answer.text.length).toBeLessThan(4000);
  });

  test('with 10,000 candidates is a 422 where they are no arms, and decided where they are', async () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `arm-${at}`);
    expectProblem(await decide({ context: decideExample.context, candidates: names }), 422, 'arm_unknown');
    const wide = { arms: names, policy: { name: 'fixed', arm: 'arm-7' } };
    expect((await door.call('PUT', '/v1/domains/wide', wide)).status).toBe(201);
    const answer = await door.call('POST', '/v1/domains/wide/decisions', { candidates: names });
    expect(answer.status).toBe(201);
    expect(answer.json.propensity).toBeNull();
  });
});

describe('a path', () => {
  test('that is unknown is a 404', async () => {
    for (const unknown of ['/v1', '/v1/domains/', '/v2/domains', '//', '/V1/domains', '/v1/decisions/a/b/c']) {
      expectProblem(await door.call('GET', unknown), 404, 'route_unknown');
    }
  });

  test('asked by a method it does not have is a 405 that names those it has', async () => {
    const answer = await door.call('PATCH', '/v1/domains/model_routing');
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PUT');
    expectProblem(await door.call('GET', path), 405, 'method_not_allowed');
    expect((await door.call('OPTIONS', path)).headers.get('allow')).toBe('POST');
  });

  test('with broken percent-encoding is a 400, with a good one decoded', async () => {
    expectProblem(await door.call('GET', '/v1/domains/%E0%A4%A'), 400, 'request_invalid');
    expectProblem(await door.call('GET', '/v1/domains/%ff'), 400, 'request_invalid');
    expect((await door.call('GET', '/v1/domains/model%5frouting')).status).toBe(200);
    expectProblem(await door.call('GET', '/v1/domains/..%2f..%2fetc'), 404, 'domain_unknown');
  });

  test('with a name that no domain can have is told the rule where it would make one', async () => {
    const answer = await door.call('PUT', '/v1/domains/Bad-Name', { arms: ['a'] });
    expectProblem(answer, 400, 'request_invalid');
    expect(answer.json.detail).toContain('1 to 24 of a-z, 0-9 and _');
  });

  test('answers HEAD with the headers of GET and no body', async () => {
    const answer = await door.call('HEAD', '/v1/domains');
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('');
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(10);
  });
});

describe('a request', () => {
  test('keeps its own x-request-id where that is plain, and gets one where it is not', async () => {
    const own = await door.call('GET', '/healthz', undefined, { 'x-request-id': 'trace-1.A_b' });
    expect(own.headers.get('x-request-id')).toBe('trace-1.A_b');
    for (const id of ['has space', 'x'.repeat(129), '<script>']) {
      const answer = await door.call('GET', '/nowhere', undefined, { 'x-request-id': id });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expectProblem(answer, 404, 'route_unknown');
    }
  });

  test('by another name than this machine’s is a 403, so that no web page reaches the node through DNS', async () => {
    for (const host of [
      'evil.example',
      'evil.example:8080',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1',
    ]) {
      expect(await statusFor(host), host).toBe(403);
    }
    for (const host of ['localhost', `localhost:${door.port}`, '127.0.0.1', '[::1]:8080']) {
      expect(await statusFor(host), host).toBe(200);
    }
  });

  test('gets no CORS headers, and no type that a browser may guess at', async () => {
    const answer = await door.call('GET', '/healthz', undefined, { origin: 'https://evil.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: door.port, path: '/healthz', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function sendChunked(text: string) {
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < text.length; at += 16_384) {
        controller.enqueue(new TextEncoder().encode(text.slice(at, at + 16_384)));
      }
      controller.close();
    },
  });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(door.url + path, { method: 'POST', body, headers, duplex: 'half' });
  const answered = await response.text();
  return { status: response.status, headers: response.headers, text: answered, json: JSON.parse(answered) };
}
