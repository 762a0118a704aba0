/** A memory for texts that come again (retries, system prompts, tests of load): to digest one costs less than to read it. */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { projectText, type TextReading } from '../../policies/text-projection.ts';

/** Bytes that all domains' texts share. */
const ROOM = 8 * 1024 * 1024;
/** What an entry takes beside its doubles: its key, its place in the lists of the cache, the head of its array. */
const OVERHEAD = 256;

/** By a digest of the reading and the text, so that nobody who knows a text can find another one of the same key. Made when first needed. */
let remembered: LRUCache<string, readonly number[]> | undefined;

/** `projectText` under one reading, with the memory before it. */
export function projectedTexts(reading: TextReading): (text: string) => readonly number[] {
  const prefix = `${JSON.stringify(reading)}\u001f`;
  return (text) => {
    remembered ??= new LRUCache({ maxSize: ROOM, sizeCalculation: ({ length }) => OVERHEAD + 8 * length });
    const key = hash('sha256', prefix + text, 'base64');
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const made = projectText(text, reading);
    remembered.set(key, made);
    return made;
  };
}
