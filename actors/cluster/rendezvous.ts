/**
 * Which of several nodes a stream belongs to: the one with the highest weight for it (rendezvous hashing, Thaler and Ravishankar
 * 1998). Every node comes to the same answer from the same names alone, and when a node leaves only its own streams move.
 */

export interface Ring {
  /** Sorted, each once. */
  readonly nodes: readonly string[];
  /** The node that the stream belongs to: O(nodes), a nanosecond or two for each. */
  ownerOf(stream: string): string;
}

/** @param names at least one; their order and repetitions do not matter */
export function createRing(names: readonly string[]): Ring {
  const nodes = [...new Set(names)].sort();
  const [only] = nodes;
  if (only === undefined) throw new RangeError('A ring has at least one node.');
  if (nodes.length === 1) return { nodes, ownerOf: () => only };
  const marks = nodes.map((node) => ({ node, mark: hash(node, NODE_SEED) }));
  return {
    nodes,
    ownerOf(stream) {
      const high = hash(stream, HIGH_SEED);
      const low = hash(stream, LOW_SEED);
      let owner = only;
      let most = -1;
      // Of equal weights the first by name: the same everywhere.
      for (const { node, mark } of marks) {
        const weight = mix(mix(high ^ mark) ^ low) >>> 0;
        if (weight > most) {
          most = weight;
          owner = node;
        }
      }
      return owner;
    },
  };
}

/** Fixed for ever: nodes of two versions must agree. */
const NODE_SEED = 0x9e3779b9;
const HIGH_SEED = 0x85ebca6b;
const LOW_SEED = 0xc2b2ae35;

/** FNV-1a over the UTF-16 units (Fowler, Noll and Vo 1991), then mixed: its own upper bits are poor. */
function hash(text: string, seed: number): number {
  let state = seed ^ 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return mix(state);
}

/** The finaliser of MurmurHash3 (Appleby 2011): every bit of the input moves every bit of the result. */
function mix(bits: number): number {
  let state = bits ^ (bits >>> 16);
  state = Math.imul(state, 0x85ebca6b);
  state ^= state >>> 13;
  state = Math.imul(state, 0xc2b2ae35);
  return state ^ (state >>> 16);
}
