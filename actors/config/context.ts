/** The context of a domain: the features of a request, declared. */
import { z } from 'zod';
import type { FeatureKind } from '../../policies/encoding.ts';

const finite = z.number();

/** Longest text of a feature, and most of all texts of a context together, in UTF-16 units; most numbers of an embedding; longest value of a hashed category. */
export const TEXT_LENGTH = 100_000;
export const EMBEDDING_LENGTH = 8192;
export const CATEGORY_LENGTH = 1024;
/** Numbers of one vector, and of all of a context's. */
const MOST_DIMENSIONS = 64;
const MOST_IN_VECTORS = 1024;

const Numeric = z.strictObject({
  type: z.literal('numeric'),
  min: finite.optional().describe('smallest value that is accepted'),
  max: finite.optional().describe('largest value that is accepted'),
  bins: z.array(finite).min(1).max(100).optional().describe('ascending edges; with n edges there are n + 1 bins'),
  round: z.number().positive().optional().describe('bucket by the value rounded to a multiple of this'),
  default: finite.optional().describe('stands where a context leaves it out'),
});

const Flag = z.strictObject({
  type: z.literal('boolean'),
  default: z.boolean().optional().describe('stands where a context leaves it out'),
});

const CategoryValue = z
  .string()
  .min(1)
  .max(128)
  .regex(/^\P{Cc}*$/u, 'a value has no control characters')
  .describe('without control characters');

const Categorical = z.strictObject({
  type: z.literal('categorical'),
  values: z
    .array(CategoryValue)
    .min(1)
    .max(10_000)
    .optional()
    .describe('the values that are accepted; give these, or hash'),
  default: z.string().max(CATEGORY_LENGTH).optional().describe('stands where a context leaves it out'),
  // Left out, not filled in, where the values are declared: configurations that were recorded before there was this hash as they did.
  hash: z
    .int()
    .min(2)
    .max(10_000)
    .optional()
    .describe(
      'instead of values: any text is accepted and hashed to one of so many places, which several may share; only the place is recorded',
    ),
});

/** A text's numbers are mostly noise until thousands were seen, and at the weight of an embedding they cost what they bring. */
const weight = (usual: number) =>
  z
    .number()
    .min(0.01)
    .max(10)
    .default(usual)
    .describe(
      'how much a linear policy expects of it beside the other features: the less, the more it must see to heed it',
    );

const gramSizes = (longest: number) => z.array(z.int().min(1).max(longest)).max(longest);

const Text = z
  .strictObject({
    type: z.literal('text'),
    dimensions: z.int().min(1).max(MOST_DIMENSIONS).default(32).describe('numbers that are made of a text'),
    ngrams: z
      .strictObject({
        words: gramSizes(5)
          .default([1])
          .describe('lengths of the sequences of words that count; a word is letters and digits, or any other sign'),
        characters: gramSizes(8)
          .default([])
          .describe(
            'lengths of the sequences of characters that count: slower, for texts without spaces or much misspelt',
          ),
      })
      .prefault({}),
    weight: weight(0.25),
    default: z.string().max(TEXT_LENGTH).optional().describe('stands where a context leaves it out'),
    hashing: z
      .literal(1)
      .default(1)
      .describe('version of how a text becomes numbers: recorded, so that they keep their meaning'),
  })
  .describe(
    `up to ${TEXT_LENGTH.toLocaleString('en-US')} characters, all texts of a request together, made into numbers at once: hashed n-grams under a random projection. ` +
      'The text itself is in no event, log or error; who can read the log can still try out on the numbers whether it was one they guess',
  );

const Embedding = z
  .strictObject({
    type: z.literal('embedding'),
    size: z.int().min(1).max(EMBEDDING_LENGTH).describe('how many numbers a caller sends'),
    dimensions: z
      .int()
      .min(1)
      .max(MOST_DIMENSIONS)
      .default(32)
      .describe('numbers that are made of them by a random projection; from size on they stay as they are'),
    weight: weight(1),
    projection: z
      .literal(1)
      .default(1)
      .describe('version of the projection: recorded, so that its numbers keep their meaning'),
  })
  .describe('numbers that the caller has of a text, an image or a person');

/** What can be derived from the time of a request, and the values it takes. */
export const derivations = {
  time_period: ['morning', 'afternoon', 'evening', 'night'],
  day_type: ['weekday', 'weekend'],
  day_of_week: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
} as const;

const Derived = z
  .strictObject({ type: z.literal('derived'), from: z.enum(['time_period', 'day_type', 'day_of_week']) })
  .describe('taken from the time of the request, in the domain’s time zone, unless the context gives it');

export const Feature = z.discriminatedUnion('type', [Numeric, Flag, Categorical, Derived, Text, Embedding]);
export type Feature = z.infer<typeof Feature>;

/** What is wrong with the features, and with those that make the buckets, beyond their types. */
export function checkBuckets(
  context: Readonly<Record<string, Feature>>,
  bucketBy: readonly string[],
  refuse: (path: (string | number)[], message: string) => void,
): void {
  checkContext(context, refuse);
  for (const [index, name] of bucketBy.entries()) {
    const feature = Object.hasOwn(context, name) ? context[name] : undefined;
    if (feature === undefined) refuse(['bucketBy', index], `${name} is not in the context`);
    else if (feature.type === 'numeric' && feature.bins === undefined && feature.round === undefined) {
      refuse(['bucketBy', index], `${name} is numeric: declare its bins or what it is rounded to`);
    } else if (feature.type === 'text' || feature.type === 'embedding') {
      refuse(['bucketBy', index], `hardly two requests share ${name}: leave it to a policy that learns about features`);
    }
    if (bucketBy.indexOf(name) !== index) refuse(['bucketBy', index], `${name} is there twice`);
  }
}

function checkContext(
  context: Readonly<Record<string, Feature>>,
  refuse: (path: (string | number)[], message: string) => void,
): void {
  if (Object.keys(context).length > 256) refuse(['context'], 'at most 256 features');
  const inVectors = featureKinds(context).reduce((sum, kind) => sum + (kind.type === 'vector' ? kind.size : 0), 0);
  if (inVectors > MOST_IN_VECTORS) {
    refuse(
      ['context'],
      `texts and embeddings make ${inVectors} numbers, at most ${MOST_IN_VECTORS}: give them fewer dimensions`,
    );
  }
  for (const [name, feature] of Object.entries(context)) {
    if (feature.type === 'categorical') checkCategories(name, feature, refuse);
    if (feature.type === 'text') {
      const { words, characters } = feature.ngrams;
      if (words.length + characters.length === 0) refuse(['context', name, 'ngrams'], 'give words or characters');
      for (const [kind, sizes] of [['words', words] as const, ['characters', characters] as const]) {
        if (new Set(sizes).size < sizes.length) refuse(['context', name, 'ngrams', kind], 'a length is there twice');
      }
    }
    if (feature.type === 'numeric') {
      if (feature.bins?.some((edge, at, bins) => at > 0 && edge <= (bins[at - 1] ?? edge))) {
        refuse(['context', name, 'bins'], 'edges must ascend');
      }
      if (feature.min !== undefined && feature.max !== undefined && feature.min > feature.max) {
        refuse(['context', name, 'min'], 'is above max');
      }
      const within = (value: number) => value >= (feature.min ?? -Infinity) && value <= (feature.max ?? Infinity);
      if (feature.default !== undefined && !within(feature.default))
        refuse(['context', name, 'default'], 'lies outside min and max');
    }
  }
}

function checkCategories(
  name: string,
  { values, hash, default: otherwise }: Extract<Feature, { type: 'categorical' }>,
  refuse: (path: (string | number)[], message: string) => void,
): void {
  if (hash !== undefined) {
    if (values !== undefined) refuse(['context', name, 'hash'], 'give values or hash, not both');
  } else if (values === undefined) {
    refuse(['context', name, 'values'], 'is missing: declare the values, or give hash to accept any');
  } else {
    if (new Set(values).size < values.length) refuse(['context', name, 'values'], 'a value is there twice');
    if (otherwise !== undefined && !values.includes(otherwise)) {
      refuse(['context', name, 'default'], 'not one of the values');
    }
  }
}

/** What each feature is, in the order of the schema. */
export function featureKinds(context: Readonly<Record<string, Feature>>): FeatureKind[] {
  return Object.values(context).map(kindOf);
}

function kindOf(feature: Feature): FeatureKind {
  switch (feature.type) {
    case 'numeric':
      return { type: 'number' };
    case 'boolean':
      return { type: 'boolean' };
    case 'categorical':
      return { type: 'category', values: feature.hash ?? feature.values?.length ?? 0 };
    case 'derived':
      return { type: 'category', values: derivations[feature.from].length };
    case 'text':
      return { type: 'vector', size: feature.dimensions, weight: feature.weight };
    case 'embedding':
      return { type: 'vector', size: Math.min(feature.size, feature.dimensions), weight: feature.weight };
  }
}
