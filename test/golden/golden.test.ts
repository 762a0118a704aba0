/** Logs that were written by earlier builds give the same posteriors and the same choices, bit for bit. How one is recorded: README.md of the tests. */
import { readdirSync, readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { catalogue, decode, decodeMetadata } from '../../events/catalogue.ts';
import { chainHash, ENGINE } from '../../events/seal.ts';
import { policyNames } from '../../policies/catalogue.ts';
import { type Expectation, readHistory, replay } from './history.ts';

const names = readdirSync(new URL('.', import.meta.url))
  .filter((name) => name.endsWith('.ndjson'))
  .map((name) => name.replace(/\.ndjson$/, ''));

const FIRST_TYPES = [
  ...['DomainConfigured', 'DomainFrozen', 'DomainThawed', 'PriorShared', 'RollbackPointMarked'],
  ...['DecisionMade', 'ItemsShown', 'RewardObserved', 'RewardRetracted'],
];

const LATER_TYPES = ['RolledBack', 'RewardVoided', 'BucketRestarted', 'AgentCallSucceeded', 'AgentCallFailed'];
/** No history holds these yet: the next one that is recorded does. */
const UNRECORDED_TYPES = ['DeadLettered'];
const RARE_TYPES = ['DomainFrozen', 'DomainThawed', 'ItemsShown'];

/** What each history holds: event types, and policies. */
const holds: Readonly<Record<string, { readonly types: readonly string[]; readonly policies: readonly string[] }>> = {
  'version-1': { types: FIRST_TYPES, policies: ['beta_thompson', 'epsilon_greedy', 'fixed'] },
  'version-2': {
    types: [...FIRST_TYPES, ...LATER_TYPES],
    policies: ['beta_thompson', 'doubly_robust', 'epsilon_greedy', 'nig_thompson', 'rand_ucb'],
  },
  'version-3': {
    types: [...FIRST_TYPES.filter((type) => !RARE_TYPES.includes(type)), ...LATER_TYPES],
    policies: [...policyNames].sort(),
  },
};

/** Fields that no history holds. One that is added to the schema is recorded before it is released, as README.md of the tests says. */
const UNRECORDED = ['DomainConfigured.reason']; // no door takes one yet

/** What a mismatch is told with: it may be the machine’s arithmetic as well as ours. */
function blame(engine: string): string {
  return `written by ${engine}, replayed by ${ENGINE} on Node ${process.version} (V8 ${process.versions.v8}, ${process.arch})`;
}

const histories = new Map(names.map((name) => [name, readHistory(new URL(`${name}.ndjson`, import.meta.url))]));
const all = [...histories.values()].flat();

describe('the golden histories', () => {
  const types: [string, { readonly version: number; readonly upcasters?: object }][] = Object.entries(catalogue).filter(
    ([type]) => !UNRECORDED_TYPES.includes(type),
  );

  test('hold every event type, as every version of its schema wrote it', () => {
    const held = new Set(all.map((event) => `${event.type} ${decodeMetadata(event).schemaVersion}`));
    const wanted = types.flatMap(([type, { version }]) =>
      Array.from({ length: version }, (_, index) => `${type} ${index + 1}`),
    );
    expect([...held].sort()).toEqual(wanted.sort());
  });

  test('would show what a version cannot read: from each version an upcaster leads to the next', () => {
    const lifted = types.map(([type, { upcasters = {} }]) => [type, Object.keys(upcasters).map(Number)]);
    const wanted = types.map(([type, { version }]) => [type, Array.from({ length: version - 1 }, (_, n) => n + 1)]);
    expect(lifted).toEqual(wanted);
  });

  test('hold every policy', () => {
    expect(new Set(all.map(policyOf))).toEqual(new Set([undefined, ...policyNames]));
  });

  test('hold every field of every event', () => {
    expect(emptyFields(all)).toEqual(UNRECORDED);
  });
});

for (const [name, events] of histories) {
  const expectation = JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as Expectation;

  test(`${name} replays: every choice, propensity and posterior is the one that was recorded`, async () => {
    const { streams, contents, choices, mismatches } = await replay(events);
    expect(mismatches.slice(0, 5), blame(expectation.engine)).toEqual([]);
    expect(streams, blame(expectation.engine)).toEqual(expectation.streams);
    expect(contents, 'what events say').toEqual(expectation.contents);
    expect(events).toHaveLength(expectation.events);
    expect(choices).toBeGreaterThan(100);
  });

  test(`${name} holds what a history can hold`, () => {
    const types = new Set(events.map(({ type }) => type));
    const held = holds[name];
    expect([...types].sort()).toEqual([...(held?.types ?? [])].sort());
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

/** Fields of the schema, as `RewardObserved.value`, that are empty in all events. */
function emptyFields(events: readonly Parameters<typeof decode>[0][]): string[] {
  const { root } = protobuf.parse(readFileSync(new URL('../../proto/events.proto', import.meta.url), 'utf8'));
  const empty = new Set<string>();
  const reachable = new Set<protobuf.Type>();
  const reach = (message: protobuf.Type): void => {
    if (reachable.has(message)) return;
    reachable.add(message);
    for (const field of message.fieldsArray) {
      empty.add(`${message.name}.${field.name}`);
      const inner = field.resolve().resolvedType;
      if (inner instanceof protobuf.Type) reach(inner);
    }
  };
  for (const type of Object.keys(catalogue)) if (!UNRECORDED_TYPES.includes(type)) reach(root.lookupType(type));
  const meet = (message: protobuf.Type, data: object): void => {
    for (const [name, value] of Object.entries(data)) {
      const values = (Array.isArray(value) ? value : [value]).filter((one) => one !== undefined && one !== null);
      if (value instanceof Uint8Array ? value.length === 0 : values.every((one) => !one)) continue;
      empty.delete(`${message.name}.${name}`);
      const inner = message.fields[name]?.resolve().resolvedType;
      if (inner instanceof protobuf.Type) for (const one of values) meet(inner, one);
    }
  };
  for (const event of events) {
    const { type, data } = decode(event) ?? {};
    if (type !== undefined && data !== undefined) meet(root.lookupType(type), data);
  }
  return [...empty];
}
