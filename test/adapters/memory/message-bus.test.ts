import { describe, expect, it } from 'vitest';
import { createInProcessBus } from '../../../adapters/memory/message-bus.ts';
import { messageBusContract } from '../../contracts/message-bus.ts';

messageBusContract('within a process', { create: () => createInProcessBus() });

describe('the bus within a process', () => {
  it('gives several responders their requests strictly in turn', async () => {
    const bus = createInProcessBus();
    const served: number[] = [];
    for (const responder of [0, 1, 2]) {
      bus.respond('decide.*', async () => ({ ok: true, body: served.push(responder) }));
    }
    for (let request = 0; request < 6; request++) await bus.request('decide.one', null);
    expect(served).toEqual([0, 1, 2, 0, 1, 2]);
    await bus.close();
  });

  it('reports what handlers throw, with the message it was about', async () => {
    const reported: unknown[] = [];
    const bus = createInProcessBus({ onError: (error, { subject }) => reported.push([subject, String(error)]) });
    bus.subscribe('reward.one', () => Promise.reject(new Error('first')));
    bus.respond('decide.one', async () => {
      throw new Error('second');
    });
    await bus.publish('reward.one', null);
    await bus.request('decide.one', null);
    await bus.close();
    expect(reported).toEqual([
      ['reward.one', 'Error: first'],
      ['decide.one', 'Error: second'],
    ]);
  });

  it('refuses to publish where a subscriber is too far behind, and tells nobody then', async () => {
    const bus = createInProcessBus({ maxWaiting: 3 });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let heard = 0;
    bus.subscribe('reward.*', () => held);
    bus.subscribe('reward.one', () => void heard++);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await bus.publish('reward.one', null);
    await turn(); // the first is in hand
    for (let n = 0; n < 3; n++) await bus.publish('reward.one', null);
    await expect(bus.publish('reward.one', null)).rejects.toMatchObject({ code: 'overloaded' });
    await turn();
    expect(heard).toBe(4);
    release();
    await turn();
    await bus.publish('reward.one', null);
    await bus.close();
    expect(heard).toBe(5);
  });

  it('lets a request under way ask others while it closes', async () => {
    const bus = createInProcessBus();
    bus.respond('decide.outer', async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return bus.request('decide.inner', null);
    });
    bus.respond('decide.inner', async () => ({ ok: true, body: 'inner' }));
    const request = bus.request('decide.outer', null);
    await bus.close();
    expect(await request).toEqual({ ok: true, body: 'inner' });
  });

  it('closes after its patience even where a handler never ends', async () => {
    const bus = createInProcessBus({ drainMs: 30 });
    bus.subscribe('reward.one', () => new Promise<void>(() => {}));
    await bus.publish('reward.one', null);
    await bus.close();
    await expect(bus.publish('reward.one', null)).rejects.toMatchObject({ code: 'shutting_down' });
  });

  it('finds a responder that came, and misses one that left, after a subject was asked for', async () => {
    const bus = createInProcessBus();
    await expect(bus.request('decide.one', null)).rejects.toMatchObject({ code: 'overloaded' });
    const responder = bus.respond('decide.one', async () => ({ ok: true, body: 1 }));
    expect(await bus.request('decide.one', null)).toEqual({ ok: true, body: 1 });
    await responder.close();
    await expect(bus.request('decide.one', null)).rejects.toMatchObject({ code: 'overloaded' });
    await bus.close();
  });
});
