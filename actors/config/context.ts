/** The context of a domain: the features of a request, declared. */
import { z } from 'zod';
import type { FeatureKind } from '../../policies/encoding.ts';

const finite = z.number();

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
  values: z.array(CategoryValue).min(1).max(10_000).describe('the values that are accepted'),
  default: z.string().optional().describe('stands where a context leaves it out'),
});

/** What can be derived from the time of a request, and the values it takes. */
export const derivations = {
  time_period: ['morning', 'afternoon', 'evening', 'night'],
  day_type: ['weekday', 'weekend'],
  day_of_week: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
} as const;

const Derived = z
  .strictObject({ type: z.literal('derived'), from: z.enum(['time_period', 'day_type', 'day_of_week']) })
  .describe('taken from the time of the request, in the domain’s time zone, unless the context gives it');

export const Feature = z.discriminatedUnion('type', [Numeric, Flag, Categorical, Derived]);
export type Feature = z.infer<typeof Feature>;

/** What is wrong with the features, beyond their types. */
export function checkContext(
  context: Readonly<Record<string, Feature>>,
  refuse: (path: (string | number)[], message: string) => void,
): void {
  if (Object.keys(context).length > 256) refuse(['context'], 'at most 256 features');
  for (const [name, feature] of Object.entries(context)) {
    if (feature.type === 'categorical') {
      if (new Set(feature.values).size < feature.values.length)
        refuse(['context', name, 'values'], 'a value is there twice');
      if (feature.default !== undefined && !feature.values.includes(feature.default)) {
        refuse(['context', name, 'default'], 'not one of the values');
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

/** What each double of a context stands for, in the order of the schema. */
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
      return { type: 'category', values: feature.values.length };
    case 'derived':
      return { type: 'category', values: derivations[feature.from].length };
  }
}
