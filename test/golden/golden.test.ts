/** Logs that were written by earlier builds give the same posteriors and the same choices, bit for bit. How one is recorded: README.md of the tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decode } from '../../events/catalogue.ts';
import { chainHash, ENGINE } from '../../events/seal.ts';
import { type Expectation, readHistory, replay } from './history.ts';

const names = readdirSync(new URL('.', import.meta.url))
  .filter((name) => name.endsWith('.ndjson'))
  .map((name) => name.replace(/\.ndjson$/, ''));

const FIRST_TYPES = [
  ...['DomainConfigured', 'DomainFrozen', 'DomainThawed', 'PriorShared', 'RollbackPointMarked'],
  ...['DecisionMade', 'ItemsShown', 'RewardObserved', 'RewardRetracted'],
];

/** What each history holds: the types beside the first ones, and the policies. */
const holds: Readonly<Record<string, { readonly types: readonly string[]; readonly policies: readonly string[] }>> = {
  'version-1': { types: [], policies: ['beta_thompson', 'epsilon_greedy', 'fixed'] },
  'version-2': {
    types: ['RolledBack', 'RewardVoided', 'BucketRestarted', 'AgentCallSucceeded', 'AgentCallFailed'],
    policies: ['beta_thompson', 'doubly_robust', 'epsilon_greedy', 'nig_thompson', 'rand_ucb'],
  },
};

/** What a mismatch is told with: it may be the machine’s arithmetic as well as ours. */
function blame(engine: string): string {
  return `written by ${engine}, replayed by ${ENGINE} on Node ${process.version} (V8 ${process.versions.v8}, ${process.arch})`;
}

test('there is a golden history', () => {
  expect(names.length).toBeGreaterThan(0);
});

for (const name of names) {
  const events = readHistory(new URL(`${name}.ndjson`, import.meta.url));
  const expectation = JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as Expectation;

  test(`${name} replays: every choice, propensity and posterior is the one that was recorded`, async () => {
    const { streams, choices, mismatches } = await replay(events);
    expect(mismatches.slice(0, 5), blame(expectation.engine)).toEqual([]);
    expect(streams, blame(expectation.engine)).toEqual(expectation.streams);
    expect(events).toHaveLength(expectation.events);
    expect(choices).toBeGreaterThan(100);
  });

  test(`${name} holds what a history can hold`, () => {
    const types = new Set(events.map(({ type }) => type));
    const held = holds[name];
    expect([...types].sort()).toEqual([...FIRST_TYPES, ...(held?.types ?? [])].sort());
    const policies = new Set(events.map((event) => policyOf(event)).filter((policy) => policy !== undefined));
    expect([...policies].sort()).toEqual(held?.policies);
  });

  test(`${name} is whole: each event names the hash of the one before it in its stream`, () => {
    const heads = new Map<string, Uint8Array>();
    for (const event of events) {
      const { previousHash, engine, schemaVersion } = decode(event)?.metadata ?? {};
      expect(Buffer.from(previousHash ?? [])).toEqual(Buffer.from(heads.get(event.stream) ?? []));
      expect([engine, schemaVersion]).toEqual([expectation.engine, 1]);
      heads.set(event.stream, chainHash(event));
    }
  });

  test(`a replay of ${name} notices one changed bit`, async () => {
    const at = events.findIndex((event) => rewardIn(event) > 0.3);
    const changed = events.map((event, index) => {
      if (index !== at) return event;
      const decoded = decode(event);
      if (decoded?.type !== 'RewardObserved') throw new Error('not a reward');
      const needle = Buffer.alloc(8);
      needle.writeDoubleLE(decoded.data.value);
      const data = Buffer.from(event.data);
      const place = data.lastIndexOf(needle);
      expect(place).toBeGreaterThan(0);
      data[place + 4] = (data[place + 4] ?? 0) ^ 1; // the lowest ones may be lost in a sum
      return { ...event, data };
    });
    expect((await replay(changed)).streams).not.toEqual(expectation.streams);
  });
}

function rewardIn(event: Parameters<typeof decode>[0]): number {
  const decoded = decode(event);
  return decoded?.type === 'RewardObserved' ? decoded.data.value : 0;
}

function policyOf(event: Parameters<typeof decode>[0]): string | undefined {
  const decoded = decode(event);
  return decoded?.type === 'DecisionMade' && !decoded.data.fallback ? decoded.data.policy : undefined;
}
