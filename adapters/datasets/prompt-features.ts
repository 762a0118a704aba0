/** What is asked for of the prompts, on a command line and in a domain. */
import type { DomainConfigInput } from '../../actors/config/domain-config.ts';
import { ReckonerError } from '../../events/errors.ts';
import { type PromptFeature, promptColumns, promptFeatures } from './layout.ts';

/**
 * @param written names, with commas between them; or `none`
 * @throws ReckonerError request_invalid for a name that is not known, or there twice
 */
export function promptFeaturesOf(written: string): readonly PromptFeature[] {
  if (written.trim() === 'none') return [];
  const names = written.split(',').map((name) => name.trim());
  const known = names.flatMap((name) => promptFeatures.filter((feature) => feature === name));
  if (known.length === names.length && new Set(known).size === known.length) return known;
  throw new ReckonerError('request_invalid', `--features ${written} is not right.`, {
    remedy: `Write one or more of ${promptFeatures.join(', ')}, each once, with commas between them, or none.`,
  });
}

/** The features as a domain declares them. */
export function promptContext(features: readonly PromptFeature[]): NonNullable<DomainConfigInput['context']> {
  const declared = { text: { type: 'text' }, chars: { type: 'numeric', min: 0 } } as const;
  return Object.fromEntries(features.map((feature) => [promptColumns[feature], declared[feature]]));
}
