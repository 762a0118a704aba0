/** The decision problem of the HTTP bench: 6 arms, 8 features, 240 buckets. */
import type { DomainConfigInput } from '../actors/config/domain-config.ts';
import type { DecideBody } from '../actors/messages/decide.ts';

const tasks = ['chat', 'code', 'summary', 'search', 'translate', 'extract'];
const languages = ['en', 'de', 'fr', 'es', 'ja'];
const tiers = ['free', 'paid'];

const config = {
  arms: ['haiku', 'sonnet', 'opus', 'mini', 'large', 'local'],
  context: {
    task: { type: 'categorical', values: tasks },
    language: { type: 'categorical', values: languages },
    tier: { type: 'categorical', values: tiers },
    tokens: { type: 'numeric', min: 0, bins: [100, 1000, 10_000] },
    temperature: { type: 'numeric', min: 0, max: 2 },
    hour: { type: 'numeric', min: 0, max: 23 },
    streaming: { type: 'boolean' },
    urgent: { type: 'boolean' },
  },
  bucketBy: ['task', 'language', 'tier', 'tokens'],
} satisfies DomainConfigInput;

/** The same problem twice: its propensities left to be computed from the log, and given with each answer, as is the default. */
export const benchDomains = {
  lazy: { name: 'bench_http', config: { ...config, propensity: 'lazy' } },
  eager: { name: 'bench_http_eager', config },
} as const satisfies Record<string, { readonly name: string; readonly config: DomainConfigInput }>;

export type Propensity = keyof typeof benchDomains;

/** Bodies that between them visit every bucket. */
export function benchBodies(): readonly DecideBody[] {
  const bodies: DecideBody[] = [];
  for (const task of tasks) {
    for (const language of languages) {
      for (const tier of tiers) {
        for (const tokens of [50, 500, 5000, 50_000]) {
          const at = bodies.length;
          bodies.push({
            context: {
              task,
              language,
              tier,
              tokens,
              temperature: (at % 20) / 10,
              hour: at % 24,
              streaming: at % 2 === 0,
              urgent: at % 3 === 0,
            },
          });
        }
      }
    }
  }
  return bodies;
}
