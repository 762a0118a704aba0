import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRing } from '../../../actors/cluster/rendezvous.ts';

const name = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 12 });
const streams = fc.array(name, { minLength: 1, maxLength: 50 });

test('every node comes to the same owner, in whatever order it has heard of the others', () => {
  fc.assert(
    fc.property(names, streams, fc.nat(), (nodes, keys, turn) => {
      const ring = createRing(nodes);
      const turned = createRing([
        ...nodes.slice(turn % nodes.length),
        ...nodes,
        ...nodes.slice(0, turn % nodes.length),
      ]);
      for (const key of keys) {
        expect(nodes).toContain(ring.ownerOf(key));
        expect(turned.ownerOf(key)).toBe(ring.ownerOf(key));
      }
    }),
  );
});

test('only the streams of a node that leaves move', () => {
  fc.assert(
    fc.property(
      names.filter(({ length }) => length > 1),
      streams,
      fc.nat(),
      (nodes, keys, which) => {
        const gone = nodes[which % nodes.length];
        const before = createRing(nodes);
        const after = createRing(nodes.filter((node) => node !== gone));
        for (const key of keys) {
          const owner = before.ownerOf(key);
          if (owner === gone) expect(after.ownerOf(key)).not.toBe(gone);
          else expect(after.ownerOf(key)).toBe(owner);
        }
      },
    ),
  );
});

test('streams spread evenly, also those that hardly differ', () => {
  for (const count of [2, 3, 10, 100]) {
    const nodes = Array.from({ length: count }, (_, index) => `node-${index}`);
    const ring = createRing(nodes);
    const owned = new Map(nodes.map((node) => [node, 0]));
    const each = 1_000;
    for (let index = 0; index < each * count; index++) {
      const owner = ring.ownerOf(`bucket-default-testing-${index}`);
      owned.set(owner, (owned.get(owner) ?? 0) + 1);
    }
    // Chi-squared with count - 1 degrees: mean count - 1, deviation sqrt(2 (count - 1)).
    const squared = [...owned.values()].reduce((sum, n) => sum + (n - each) ** 2 / each, 0);
    expect(squared).toBeLessThan(count - 1 + 5 * Math.sqrt(2 * (count - 1)));
  }
});

test('what a node leaves is spread over all others', () => {
  const nodes = Array.from({ length: 10 }, (_, index) => `node-${index}`);
  const [before, after] = [createRing(nodes), createRing(nodes.slice(1))];
  const heirs = new Map<string, number>();
  for (let index = 0; index < 20_000; index++) {
    const stream = `bucket-default-testing-${index}`;
    if (before.ownerOf(stream) !== 'node-0') continue;
    const heir = after.ownerOf(stream);
    heirs.set(heir, (heirs.get(heir) ?? 0) + 1);
  }
  expect(heirs.size).toBe(9);
  const counts = [...heirs.values()];
  expect(Math.max(...counts)).toBeLessThan(1.4 * Math.min(...counts));
});

test('the answer is the same in every release: nodes of two versions run side by side', () => {
  const ring = createRing(['node-1', 'node-2', 'node-3']);
  const streams = [
    'bucket-default-testing-aaaaaaaaaaaaaaaa',
    'domain-default-testing',
    'domain-acme-model_routing',
    '',
  ];
  expect(streams.map(ring.ownerOf)).toMatchInlineSnapshot(`
    [
      "node-1",
      "node-2",
      "node-3",
      "node-1",
    ]
  `);
});

test('one node owns everything, and none is no ring', () => {
  expect(createRing(['only']).ownerOf('bucket-default-testing-a')).toBe('only');
  expect(() => createRing([])).toThrow(RangeError);
});
