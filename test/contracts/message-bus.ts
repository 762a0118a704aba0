/** What every message bus does, within a process or over a wire. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReckonerError } from '../../events/errors.ts';
import type { Message, MessageBus, Reply } from '../../events/message-bus.ts';

export interface MessageBusSuite {
  /** A bus that nobody uses yet. The suite closes it. */
  readonly create: () => MessageBus | Promise<MessageBus>;
  /** Subjects and what may be sent on them: a bus over a wire knows its own messages. */
  readonly samples?: Samples;
  /** Milliseconds after which a new subscription is in force everywhere; default 0. */
  readonly settleMs?: number;
}

export interface Samples {
  readonly words: readonly [string, string];
  /** What is asked and told on subjects that begin with the first word. */
  readonly bodies: readonly unknown[];
  /** What is answered there, default the bodies; several, that differ. */
  readonly answers?: readonly unknown[];
  /** What is told on subjects that begin with the other word, default the first of the bodies. */
  readonly other?: unknown;
}

const plain: Samples = { words: ['decide', 'reward'], bodies: ['one', 'two', 'three'] };

/** Runs the whole suite against one adapter. */
export function messageBusContract(name: string, suite: MessageBusSuite): void {
  describe(`the message bus ${name}`, () => {
    let bus: MessageBus;
    beforeEach(async () => {
      bus = await suite.create();
    });
    afterEach(() => bus.close());
    const settled = () => sleep(suite.settleMs ?? 0);
    const samples = suite.samples ?? plain;

    requestContract(() => bus, settled, samples);
    publishContract(() => bus, settled, samples);
    patternContract(() => bus, settled, samples);
    closeContract(() => bus, settled, samples);
  });
}

type Contract = (bus: () => MessageBus, settled: () => Promise<void>, samples: Samples) => void;

const ok = (body: unknown): Reply => ({ ok: true, body });

const requestContract: Contract = (
  bus,
  settled,
  { words: [word, other], bodies, answers = bodies, other: told = bodies[0] },
) => {
  describe('a request', () => {
    it('reaches its responder with subject, body and headers, and brings back its reply', async () => {
      const seen: Message[] = [];
      bus().respond(`${word}.one`, async (message) => {
        seen.push(message);
        return ok(answers[1]);
      });
      await settled();
      const reply = await bus().request(`${word}.one`, bodies[0], { headers: { tenant: 'default' } });
      expect(reply).toEqual(ok(answers[1]));
      expect(seen).toMatchObject([{ subject: `${word}.one`, body: bodies[0], headers: { tenant: 'default' } }]);
    });

    it('that is refused brings back the problem as it was given', async () => {
      const { problem } = new ReckonerError('arm_unknown', 'There is no arm x.', {
        details: [{ path: 'arm', message: 'unknown' }],
      });
      bus().respond(`${word}.one`, async () => ({ ok: false, problem }));
      await settled();
      expect(await bus().request(`${word}.one`, bodies[0])).toEqual({ ok: false, problem });
    });

    it('whose responder throws brings back a problem: its own where it is typed, else internal', async () => {
      bus().respond(`${word}.typed`, async () => {
        throw new ReckonerError('domain_unknown', 'There is no such domain.');
      });
      bus().respond(`${word}.untyped`, async () => {
        throw new TypeError('secret text');
      });
      bus().respond(`${word}.synchronous`, () => {
        throw new TypeError('secret text');
      });
      await settled();
      const codeOf = async (subject: string) => {
        const reply = await bus().request(subject, bodies[0]);
        expect(JSON.stringify(reply)).not.toContain('secret');
        return reply.ok ? 'ok' : reply.problem.code;
      };
      expect(await codeOf(`${word}.typed`)).toBe('domain_unknown');
      expect(await codeOf(`${word}.untyped`)).toBe('internal');
      expect(await codeOf(`${word}.synchronous`)).toBe('internal');
    });

    it('that nobody serves is refused as overloaded, at once', async () => {
      bus().respond(`${word}.one`, async () => ok(answers[0]));
      await settled();
      await expect(bus().request(`${word}.two`, bodies[0])).rejects.toMatchObject({ code: 'overloaded' });
    });

    it('that is not answered in time has an unknown outcome, and a late answer harms nobody', async () => {
      bus().respond(`${word}.slow`, async () => {
        await sleep(150);
        return ok(answers[0]);
      });
      await settled();
      const asked = performance.now();
      const request = bus().request(`${word}.slow`, bodies[0], { timeoutMs: 40 });
      await expect(request).rejects.toMatchObject({ code: 'outcome_unknown' });
      expect(performance.now() - asked).toBeGreaterThanOrEqual(35);
      expect(performance.now() - asked).toBeLessThan(140);
      await sleep(150);
      expect(await bus().request(`${word}.slow`, bodies[0])).toEqual(ok(answers[0]));
    });

    it('reaches one of several responders, each in its turn', async () => {
      const served = [0, 0, 0];
      for (const index of served.keys()) {
        bus().respond(`${word}.*`, async () => {
          served[index] = (served[index] ?? 0) + 1;
          return ok(answers[0]);
        });
      }
      await settled();
      for (let request = 0; request < 60; request++) await bus().request(`${word}.one`, bodies[0]);
      expect(served.reduce((sum, count) => sum + count)).toBe(60);
      expect(Math.min(...served)).toBeGreaterThan(0);
    });

    it('is not heard by subscribers, and what is published is not heard by responders', async () => {
      const heard: string[] = [];
      bus().subscribe('>', (message) => void heard.push(message.subject));
      bus().respond('>', async () => ok(answers[0]));
      await settled();
      await bus().request(`${word}.one`, bodies[0]);
      await bus().publish(`${other}.one`, told);
      await until(() => heard.length > 0);
      expect(heard).toEqual([`${other}.one`]);
    });

    it('may be made while another is being answered', async () => {
      bus().respond(`${word}.outer`, () => bus().request(`${word}.inner`, bodies[0]));
      bus().respond(`${word}.inner`, async () => ok(answers[1]));
      await settled();
      expect(await bus().request(`${word}.outer`, bodies[0])).toEqual(ok(answers[1]));
    });

    it('of many at once gets each its own reply', async () => {
      bus().respond(`${word}.one`, async (message) => {
        await sleep(Number(message.headers.n) % 5);
        return ok(answers[Number(message.headers.n) % answers.length]);
      });
      await settled();
      const replies = await Promise.all(
        Array.from({ length: 200 }, (_, n) => bus().request(`${word}.one`, bodies[0], { headers: { n: `${n}` } })),
      );
      expect(replies).toEqual(Array.from({ length: 200 }, (_, n) => ok(answers[n % answers.length])));
    });
  });
};

const publishContract: Contract = (bus, settled, { words: [word], bodies }) => {
  describe('a published message', () => {
    it('reaches every subscriber whose subject matches, and no other', async () => {
      const heard: string[] = [];
      bus().subscribe(`${word}.one`, () => void heard.push('exact'));
      bus().subscribe(`${word}.*`, () => void heard.push('star'));
      bus().subscribe(`${word}.two`, () => void heard.push('other'));
      await settled();
      await bus().publish(`${word}.one`, bodies[0], { tenant: 'default' });
      await until(() => heard.length >= 2);
      await sleep(20);
      expect(heard.sort()).toEqual(['exact', 'star']);
    });

    it('that nobody wants is taken all the same', async () => {
      await bus().publish(`${word}.nobody`, bodies[0]);
    });

    it('comes in the order of publishing, one at a time, however long each takes', async () => {
      const heard: number[] = [];
      let handling = 0;
      bus().subscribe(`${word}.>`, async (message) => {
        expect(++handling).toBe(1);
        await sleep(Math.random() * 2);
        heard.push(Number(message.headers.n));
        handling--;
      });
      await settled();
      for (let n = 0; n < 50; n++) await bus().publish(`${word}.${n % 3}`, bodies[0], { n: `${n}` });
      await until(() => heard.length === 50);
      expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => n));
    });

    it('whose handler throws, now or later, does not keep the next one from coming', async () => {
      let heard = 0;
      bus().subscribe(`${word}.one`, () => {
        heard++;
        if (heard === 1) throw new Error('thrown');
        if (heard === 2) return Promise.reject(new Error('rejected'));
      });
      await settled();
      for (let n = 0; n < 3; n++) await bus().publish(`${word}.one`, bodies[0]);
      await until(() => heard === 3);
    });

    it('does not wait for a slow subscriber to reach another', async () => {
      let letGo = () => {};
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const slow = bus().subscribe(`${word}.one`, () => held);
      const heard: string[] = [];
      bus().subscribe(`${word}.one`, (message) => void heard.push(message.subject));
      await settled();
      for (let n = 0; n < 3; n++) await bus().publish(`${word}.one`, bodies[0]);
      await until(() => heard.length === 3);
      letGo();
      await slow.close();
    });
  });
};

const patternContract: Contract = (bus, settled, { words: [word], bodies, answers = bodies }) => {
  describe('a pattern', () => {
    it.each([
      ['*', ['a']],
      ['a.*', ['a.b', 'a.c']],
      ['*.b', ['a.b']],
      ['a.*.d', ['a.b.d']],
      ['a.>', ['a.b', 'a.c', 'a.b.d', 'a.b.c.d']],
      ['>', ['a', 'a.b', 'a.c', 'a.b.d', 'a.b.c.d']],
      ['a.b', ['a.b']],
    ])('%s stands for %s', async (pattern, expected) => {
      // The grammar is about the words below the first, which decides how a bus over a wire encodes the body.
      const heard: string[] = [];
      bus().subscribe(`${word}.${pattern}`, (message) => void heard.push(message.subject.slice(word.length + 1)));
      await settled();
      for (const subject of ['a', 'a.b', 'a.c', 'a.b.d', 'a.b.c.d'])
        await bus().publish(`${word}.${subject}`, bodies[0]);
      await until(() => heard.length >= expected.length);
      await sleep(10);
      expect(heard).toEqual(expected);
    });

    it.each(['', '.', 'a.', '.a', 'a..b', 'a b', '>.a', 'a.b*', 'ä', 'a\n'])('%j is refused', (pattern) => {
      expect(() => bus().subscribe(pattern, () => {})).toThrow(ReckonerError);
      expect(() => bus().respond(pattern, async () => ok(answers[0]))).toThrow(ReckonerError);
    });

    it.each(['', 'a.', 'a..b', 'a b', 'a.*', '>', 'a.>'])(
      '%j is refused as the subject of a message',
      async (subject) => {
        await expect(bus().publish(subject, bodies[0])).rejects.toMatchObject({ code: 'request_invalid' });
        await expect(bus().request(subject, bodies[0])).rejects.toMatchObject({ code: 'request_invalid' });
      },
    );
  });
};

const closeContract: Contract = (bus, settled, { words: [word], bodies, answers = bodies }) => {
  describe('closing', () => {
    it('a subscription settles when the message in hand is handled, and no more come', async () => {
      const heard: string[] = [];
      const subscription = bus().subscribe(`${word}.one`, async () => {
        heard.push('begun');
        await sleep(40);
        heard.push('done');
      });
      await settled();
      await bus().publish(`${word}.one`, bodies[0]);
      await until(() => heard.length === 1);
      await subscription.close();
      expect(heard).toEqual(['begun', 'done']);
      await bus().publish(`${word}.one`, bodies[0]);
      await sleep(20);
      expect(heard).toHaveLength(2);
    });

    it('a responder lets its requests finish and leaves the next to others', async () => {
      const first = bus().respond(`${word}.one`, async () => {
        await sleep(40);
        return ok(answers[0]);
      });
      await settled();
      const request = bus().request(`${word}.one`, bodies[0]);
      await sleep(10);
      const closing = first.close();
      bus().respond(`${word}.one`, async () => ok(answers[1]));
      await settled();
      expect(await bus().request(`${word}.one`, bodies[0])).toEqual(ok(answers[1]));
      expect(await request).toEqual(ok(answers[0]));
      await closing;
    });

    it('the bus lets what is under way finish, then refuses', async () => {
      const heard: string[] = [];
      bus().subscribe(`${word}.told`, async () => {
        await sleep(20);
        heard.push('told');
      });
      bus().respond(`${word}.one`, async () => {
        await sleep(40);
        return ok(answers[1]);
      });
      await settled();
      const request = bus().request(`${word}.one`, bodies[0]);
      await bus().publish(`${word}.told`, bodies[0]);
      await sleep(10);
      await bus().close();
      expect(await request).toEqual(ok(answers[1]));
      expect(heard).toEqual(['told']);
      await expect(bus().request(`${word}.one`, bodies[0])).rejects.toMatchObject({ code: 'shutting_down' });
      await expect(bus().publish(`${word}.one`, bodies[0])).rejects.toMatchObject({ code: 'shutting_down' });
      await bus().close();
    });
  });
};

async function until(condition: () => boolean, limitMs = 2_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Not so within ${limitMs} ms.`);
    await sleep(2);
  }
}
