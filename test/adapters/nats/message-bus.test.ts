import { afterAll, beforeAll, describe } from 'vitest';
import { openNatsBus } from '../../../adapters/nats/open-bus.ts';
import { natsSettings } from '../../../adapters/nats/settings.ts';
import type { MessageBus } from '../../../events/message-bus.ts';
import { messageBusContract, type Samples } from '../../contracts/message-bus.ts';
import { natsServerPath } from './find-server.ts';
import { type NatsServer, startNatsServer } from './server.ts';

/** Such as go through the messages of the proto file; the suite's own go as JSON. */
const decisions: Samples = {
  words: ['decide', 'reward'],
  bodies: [
    { requestId: 'r-1', context: { a: -1.5, b: true, c: 'grün', d: [0.1, Number.MIN_VALUE] }, candidates: ['x', 'y'] },
    { context: {}, k: 2, constraints: { maxCostUsd: 0, capabilities: ['vision'] }, tokens: 4_294_967_295 },
  ],
  answers: ['one', 'two', 'three'].map((arm, revision) => ({
    ...{
      decisionId: `d-${revision}`,
      domain: 'test',
      requestId: 'r-1',
      arm,
      propensity: revision === 0 ? null : 1 / 3,
    },
    ...{ bucket: 'b', bucketLabel: 'a=1', policy: 'beta_thompson/1', confidence: 0, mode: null, expectedReward: -0.5 },
    ...{ expectedCostUsd: 0, expectedLatencyMs: null, fallback: revision === 1 },
  })),
  other: { decisionId: 'd-0', body: { value: 1, feedback: { rating: 4 } } },
};

describe.skipIf(natsServerPath === undefined)('over NATS', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ jetstream: false });
  });
  afterAll(() => server?.stop());

  const open = (local: 'prefer' | 'never', prefix?: string) => {
    const settings = natsSettings({ NATS_URL: server.url, NATS_SUBJECT_PREFIX: prefix });
    if (settings === undefined) throw new Error('no settings');
    return openNatsBus({ settings, node: 'test', version: '1.2.3', local });
  };

  messageBusContract('over NATS, by the server', { create: () => open('never') });
  messageBusContract('over NATS, by the server in protobuf', { create: () => open('never'), samples: decisions });
  messageBusContract('over NATS, within the process where it can be', { create: () => open('prefer', 'some.where') });
  messageBusContract('over NATS, from one node to another', {
    create: async () => together(await open('prefer', 'other'), await open('prefer', 'other')),
    samples: decisions,
    settleMs: 30,
  });
});

/** One asks and tells, the other answers and hears. */
function together(asking: MessageBus, answering: MessageBus): MessageBus {
  return {
    request: asking.request,
    publish: asking.publish,
    subscribe: answering.subscribe,
    respond: (pattern, handler) => answering.respond(pattern, handler),
    async close() {
      await asking.close();
      await answering.close();
    },
  };
}
