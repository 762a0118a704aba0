/** A bag as bytes: 'RBB1', the bytes of what was learned as a whole and by each replica, one after another, and then their lengths. */

import type { Bag } from './bootstrap-bag.ts';
import type { LinearPosterior } from './linear-models.ts';
import { openPosterior, writePosterior } from './posterior-bytes.ts';

/** The bytes of a bag. @param write what writes one of its models */
export function writeBag({ whole, replicas }: Bag, write: (models: LinearPosterior) => Uint8Array): Uint8Array {
  const parts = [whole, ...replicas].map(write);
  const head = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    head.set(part, at);
    at += part.length;
  }
  return writePosterior('RBB1', head, parts.length, (put) => {
    for (const { length } of parts) put(length);
  });
}

/**
 * The bag that `writeBag` wrote.
 * @param replicas how many it must have
 * @param read what reads one of its models; it throws RangeErrors
 * @throws RangeError for bytes that `writeBag` cannot have written
 */
export function readBag(bytes: Uint8Array, replicas: number, read: (bytes: Uint8Array) => LinearPosterior): Bag {
  const reader = openPosterior('RBB1', bytes, 'a bag of linear models');
  reader.expect(1 + replicas);
  let at = 0;
  const next = () => {
    const length = reader.takeCount();
    at += length;
    return read(reader.head.subarray(at - length, at));
  };
  const bag = { whole: next(), replicas: Array.from({ length: replicas }, next) };
  if (at !== reader.head.length) throw reader.broken('its models are cut off');
  return bag;
}
