import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRealDoor, type TestDoor } from './open-door.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openRealDoor({ maxBodyBytes: 10_000 });
  await door.call('PUT', '/v1/domains/raw', { arms: ['a', 'b'] });
});
afterAll(() => door.close());
afterEach(async () => {
  const after = await door.call('POST', '/v1/domains/raw/decisions', {});
  expect(after.status, 'the node still decides').toBe(201);
});

const post = (length: number, more = '') =>
  `POST /v1/domains/raw/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`;

/** Sends pieces one after another, and collects what comes back until the server closes or a moment has passed. */
function exchange(
  pieces: readonly (string | Buffer)[],
  patience = 400,
  reset = false,
  port = door.port,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
    socket.on('connect', async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return;
        socket.write(piece);
        await new Promise((next) => setTimeout(next, 20));
      }
      setTimeout(() => (reset ? socket.resetAndDestroy() : socket.destroy()), patience);
    });
  });
}

const statuses = (heard: string) => [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((found) => Number(found[1]));

describe('on a raw socket', () => {
  test.each([
    ['bytes that are no HTTP', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0xff])],
    ['words', 'hello there\r\n\r\n'],
    ['an unknown protocol version', 'GET / HTTP/9.9\r\n\r\n'],
    ['a broken header', 'GET / HTTP/1.1\r\nHost localhost\r\n\r\n'],
    ['two lengths', `${post(2, 'Content-Length: 3\r\n')}{}`],
    ['a length and chunks, as smugglers send', `${post(2, 'Transfer-Encoding: chunked\r\n')}0\r\n\r\n`],
    ['a negative length', `${post(-1)}{}`],
    [
      'a chunk of no size',
      'POST /v1/domains/raw/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
  ])('%s get a 400 with a remedy, and the connection ends', async (_, bytes) => {
    const heard = await exchange([bytes]);
    expect(statuses(heard)).toEqual([400]);
    expect(heard).toContain('application/problem+json');
    expect(heard).toContain('"remedy":');
    expect(heard.toLowerCase()).toContain('connection: close');
  });

  test('headers without end get a 431', async () => {
    const heard = await exchange([`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`]);
    expect(statuses(heard)).toEqual([431]);
    expect(heard).toContain('headers_too_large');
  });

  test('a target that is no path gets a 400, and a proxy’s form counts by its own authority', async () => {
    expect(statuses(await exchange(['OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n']))).toEqual([400]);
    for (const second of ['Host: localhost', 'HOST: evil.example']) {
      const heard = await exchange([`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${second}\r\n\r\n`]);
      expect(statuses(heard)).toEqual([400]);
      expect(heard).toContain('more than one Host header');
    }
    expect(statuses(await exchange(['GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n']))).toEqual([
      403,
    ]);
    expect(statuses(await exchange(['GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n']))).toEqual([
      200,
    ]);
    const odd = [
      ['http://localhost@evil.example/healthz', 'localhost'],
      ['http://evil.example#localhost/healthz', 'localhost'],
      ['/healthz', 'a b'],
      ['/healthz', 'localhost/'],
      ['/healthz', 'localhost\\'],
    ];
    for (const [target, host] of odd) {
      const heard = await exchange([`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`], 100);
      expect([400, 403], `${target} of ${host}`).toContain(statuses(heard)[0]);
      expect(heard).toContain('"remedy":');
    }
    expect(statuses(await exchange(['GET /healthz HTTP/1.1\r\n\r\n']))).toEqual([403]);
    expect(statuses(await exchange(['CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n']))).toEqual([405]);
  });

  test('pipelined requests are answered in their order, also before one that is broken', async () => {
    const good = `${post(17)}{"requestId":"p"}`;
    expect(statuses(await exchange([good + good + good]))).toEqual([201, 201, 201]);
    expect(statuses(await exchange([`${good}GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n${good}`]))).toEqual([
      201, 404, 201,
    ]);
    expect(statuses(await exchange([`${good}\x00\x01garbage\r\n\r\n`]))).toEqual([201, 400]);
  });

  test('a body that comes byte by byte is waited for', async () => {
    expect(statuses(await exchange([post(4), ...'{  }'.split('')]))).toEqual([201]);
  });

  test('half requests, aborted bodies and resets hurt nobody', async () => {
    await Promise.all([
      exchange(['POST /v1/dom'], 50),
      exchange([post(100), '{"context"'], 50),
      exchange([post(100), '{"context"'], 50, true),
      exchange([`${post(2)}{}`], 0, true),
      exchange([post(5000).repeat(3)], 50, true),
      ...Array.from({ length: 50 }, () => exchange([], 20)),
    ]);
  });

  test('a body that is larger than it may be is refused before it is sent, and asked for no further', async () => {
    const heard = await exchange([post(5_000_000, 'Expect: 100-continue\r\n')]);
    expect(statuses(heard)).toEqual([413]);
    expect(statuses(await exchange([post(2, 'Expect: 100-continue\r\n'), '{}']))).toEqual([100, 201]);
    expect(statuses(await exchange([post(2, 'Expect: miracles\r\n'), '{}']))).toEqual([201]);
  });

  test('a connection is as good as before after a refused body was sent to its end', async () => {
    const heard = await exchange([post(20_000), Buffer.alloc(20_000, 0x20), `${post(2)}{}`]);
    expect(statuses(heard)).toEqual([413, 201]);
  });

  test('headers or a body that never end get a 408, and nothing is decided', async () => {
    const impatient = await openRealDoor({ arrivalTimeout: 300 });
    await impatient.call('PUT', '/v1/domains/raw', { arms: ['a'] });
    const slow = (piece: string) => exchange([piece], 3000, false, impatient.port);
    const heard = await Promise.all([slow('GET / HTTP/1.1\r\nHost: loc'), slow(`${post(100)}{"context":`)]);
    await impatient.close();
    for (const answer of heard) {
      expect(statuses(answer)).toEqual([408]);
      expect(answer).toContain('request_timeout');
    }
  });
});

test('a request that was on its way when the door began to close is answered, and its connection then ends', async () => {
  const closing = await openRealDoor();
  const socket = connect(closing.port, '127.0.0.1');
  let heard = '';
  const next = () => new Promise((resolve) => socket.once('data', resolve));
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
  });
  const ended = new Promise((resolve) => socket.once('close', resolve));
  const first = next();
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await first;
  const closed = closing.close();
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await Promise.all([ended, closed]);
  expect(statuses(heard)).toEqual([200, 200]);
  expect(heard.toLowerCase()).toContain('connection: close');
});

test('bodies that stall share a bounded room: large ones are told to wait, small ones pass, and the room comes back', async () => {
  const narrow = await openRealDoor({ maxBodyBytes: 50_000, maxBodyRoom: 100_000 });
  await narrow.call('PUT', '/v1/domains/raw', { arms: ['a'] });
  const stalled = [connect(narrow.port, '127.0.0.1'), connect(narrow.port, '127.0.0.1')];
  const heard = stalled.map(() => '');
  for (const [index, socket] of stalled.entries()) {
    socket.on('data', (chunk) => {
      heard[index] += chunk.toString('latin1');
    });
    socket.write(post(50_000) + ' '.repeat(49_990));
  }
  // Each has arrived when the server has answered somebody who came after it.
  for (let tries = 0; tries < 20; tries++) await narrow.call('GET', '/healthz');
  const large = JSON.stringify({ requestId: 'large', context: {} }) + ' '.repeat(40_000);
  for (const headers of [post(large.length), chunkedPost()]) {
    const body = headers.includes('chunked') ? chunksOf(large) : large;
    const answer = await exchange([headers + body.slice(0, 30_000), body.slice(30_000)], 300, false, narrow.port);
    expect(statuses(answer)).toEqual([503]);
    expect(answer).toContain('overloaded');
    expect(answer.toLowerCase()).toContain('retry-after: 1');
  }
  expect((await narrow.call('POST', '/v1/domains/raw/decisions', { requestId: 'small' })).status).toBe(201);
  // One goes away, the other ends its body: what both held is free again.
  stalled[0]?.destroy();
  stalled[1]?.write('{} '.padEnd(10));
  for (let tries = 0; tries < 100 && heard[1] === ''; tries++) await narrow.call('GET', '/healthz');
  expect(statuses(heard[1] ?? '')).toEqual([201]);
  for (const [headers, body] of [
    [post(large.length), large],
    [chunkedPost(), chunksOf(large)],
  ] as const) {
    const answer = await exchange([headers + body.slice(0, 30_000), body.slice(30_000)], 300, false, narrow.port);
    expect(statuses(answer)).toEqual([201]);
  }
  stalled[1]?.destroy();
  await narrow.close();
});

const chunkedPost = () => post(0).replace('Content-Length: 0', 'Transfer-Encoding: chunked');
const chunksOf = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
