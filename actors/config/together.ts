/** What no field of a configuration is guilty of alone. */
import type { z } from 'zod';
import type { PolicySpec } from '../../policies/catalogue.ts';
import type { ArmConfig } from './arms.ts';
import { checkBuckets, type Feature } from './context.ts';
import { type FeedbackMapping, kindOfSilence, type RewardDefinition } from './reward.ts';

/** The fields that are looked at together, each valid by itself. */
interface Fields {
  readonly arms: readonly ArmConfig[];
  readonly context: Readonly<Record<string, Feature>>;
  readonly bucketBy: readonly string[];
  readonly policy?: PolicySpec | undefined;
  readonly conservative?: { readonly baseline: string } | undefined;
  readonly reward: z.output<typeof RewardDefinition>;
  readonly feedback: z.output<typeof FeedbackMapping>;
  readonly timezone: string;
}

type Refuse = (path: (string | number)[], message: string) => void;

interface Check {
  /** What it looks at. */
  readonly fields: readonly (keyof Fields)[];
  readonly look: (fields: Fields, refuse: Refuse) => void;
}

const checks: readonly Check[] = [
  {
    fields: ['context', 'bucketBy'],
    look: ({ context, bucketBy }, refuse) => checkBuckets(context, bucketBy, refuse),
  },
  {
    fields: ['arms'],
    look({ arms }, refuse) {
      const names = new Set<string>();
      for (const [index, { name }] of arms.entries()) {
        if (names.has(name)) refuse(['arms', index], `the arm ${name} is there twice`);
        names.add(name);
      }
    },
  },
  {
    fields: ['arms', 'policy'],
    look({ arms, policy }, refuse) {
      if (policy?.name === 'fixed' && !isAmong(arms, policy.arm)) refuse(['policy', 'arm'], 'is not one of the arms');
    },
  },
  {
    fields: ['arms', 'conservative'],
    look({ arms, conservative }, refuse) {
      if (conservative !== undefined && !isAmong(arms, conservative.baseline))
        refuse(['conservative', 'baseline'], 'is not one of the arms');
    },
  },
  { fields: ['reward'], look: checkReward },
  {
    fields: ['feedback'],
    look({ feedback: { successRating, failureRating } }, refuse) {
      if (failureRating >= successRating) refuse(['feedback', 'failureRating'], 'must lie below successRating');
    },
  },
  {
    fields: ['timezone'],
    look({ timezone }, refuse) {
      if (!isTimezone(timezone)) refuse(['timezone'], 'is not an IANA time zone');
    },
  },
];

/**
 * The schema, looking too at what may be wrong between its fields. It is told together with what is wrong elsewhere: each check
 * looks wherever the fields that it is about are sound.
 */
export function checkedTogether<Schema extends z.ZodType<Fields>>(schema: Schema): Schema {
  return checks.reduce(
    (checked, { fields, look }) =>
      checked.superRefine(
        (config, issues) =>
          look(config, (path, message) => issues.addIssue({ code: 'custom', path: [...path], message })),
        { when: sound(fields) },
      ),
    schema,
  );
}

function sound(fields: readonly (keyof Fields)[]): (payload: z.core.ParsePayload) => boolean {
  const names: readonly unknown[] = fields;
  return ({ issues }) =>
    issues.every(({ code, path = [] }) => {
      const [field] = path;
      // An unknown name beside the known ones harms none of them; anything else that is wrong at the top is no configuration.
      return field === undefined ? code === 'unrecognized_keys' : !names.includes(field);
    });
}

function isAmong(arms: readonly ArmConfig[], arm: string): boolean {
  return arms.some(({ name }) => name === arm);
}

function checkReward({ reward: { shares, window, weights } }: Fields, refuse: Refuse): void {
  if (shares !== undefined && Math.abs(Object.values(shares).reduce((sum, share) => sum + share, 0) - 1) > 1e-9)
    refuse(['reward', 'shares'], 'must sum to 1');
  if (window !== undefined && shares !== undefined && (shares[kindOfSilence(window)] ?? 0) === 0)
    refuse(['reward', 'window', 'kind'], `is ${kindOfSilence(window)}, which has no share of a pull`);
  if (Object.values(weights).every((weight) => weight === 0)) refuse(['reward', 'weights'], 'are all 0');
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
