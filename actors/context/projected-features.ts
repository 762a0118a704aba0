/** Features whose value goes no further than this door: what is recorded is the numbers, or the place, that a hash makes of it. */
import { murmur3 } from '../../policies/murmur3.ts';
import { vectorProjection } from '../../policies/vector-projection.ts';
import { CATEGORY_LENGTH, type Feature, TEXT_LENGTH } from '../config/context.ts';
import type { Column } from './feature-column.ts';
import { projectedTexts } from './projected-texts.ts';

type FeatureOf<Type extends Feature['type']> = Extract<Feature, { type: Type }>;

/** Beyond this the sums of a projection could overflow. */
const LARGEST = 1e100;
/** Never to be changed: places that are recorded would mean something else. */
const CATEGORY_SEED = 2;

/** Any text, hashed to one of so many places. */
export function hashedColumn(places: number, otherwise: string | undefined): Column {
  return {
    veiled: true,
    encode: (given) => {
      const value = given ?? otherwise;
      if (value === undefined) return 'is missing';
      if (typeof value !== 'string') return 'must be a text';
      if (value.length > CATEGORY_LENGTH) return `must have at most ${CATEGORY_LENGTH} characters`;
      return murmur3(new TextEncoder().encode(value.normalize('NFC')), CATEGORY_SEED) % places;
    },
    describe: (double) => `#${double}`,
    cell: (double) => `#${double}/${places}`,
    recall(cell) {
      const [, place, of] = /^#(\d+)\/(\d+)$/.exec(cell) ?? [];
      return Number(of) === places ? Number(place) : undefined;
    },
    example: otherwise ?? 'anything',
  };
}

/** A text as the numbers of its projection. */
export function textColumn({ dimensions, ngrams, default: otherwise }: FeatureOf<'text'>): Column {
  const project = projectedTexts({ dimensions, ...ngrams });
  return {
    size: dimensions,
    veiled: true,
    encode: (given) => {
      const value = given ?? otherwise;
      if (value === undefined) return 'is missing';
      if (typeof value !== 'string') return 'must be a text';
      if (value.length > TEXT_LENGTH) return `must have at most ${TEXT_LENGTH} characters: send a part of it`;
      return project(value);
    },
    describe: (double) => double,
    cell: String,
    example: otherwise ?? 'Summarise this article in three points.',
  };
}

/** An embedding, projected where it is longer than the domain wants it. */
export function embeddingColumn({ size, dimensions }: FeatureOf<'embedding'>): Column {
  const project = vectorProjection(size, dimensions);
  const wrong = `must be an array of ${size} numbers`;
  return {
    size: Math.min(size, dimensions),
    veiled: true,
    encode: (value) => {
      if (value === undefined) return 'is missing';
      if (typeof value !== 'object') return wrong;
      if (value.length !== size) return `${wrong}, as the domain declares its size, and has ${value.length}`;
      return value.every((number) => Math.abs(number) <= LARGEST)
        ? project(value)
        : `${wrong}, each finite and at most 1e100`;
    },
    describe: (double) => double,
    cell: String,
    example: Array.from({ length: size }, (_, i) => (i === 0 ? 1 : 0)),
  };
}
