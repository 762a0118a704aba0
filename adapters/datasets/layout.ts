import { ReckonerError } from '../../events/errors.ts';

/** Where a file keeps what: indices into its columns. */
export interface Layout {
  readonly arms: readonly ArmColumns[];
  /** The bucket feature and its column; null where the file has none. */
  readonly bucket: { readonly feature: string; readonly column: number } | null;
  /** Column of the mark `contaminated`; null where the file has none. */
  readonly contaminated: number | null;
  readonly priced: boolean;
}

/** What may be known of a prompt beside its bucket: its text, and its length in characters. */
export const promptFeatures = ['text', 'chars'] as const;
export type PromptFeature = (typeof promptFeatures)[number];
/** Their columns, which name the features too. */
export const promptColumns = { text: 'prompt', chars: 'prompt_chars' } as const satisfies Record<PromptFeature, string>;

export interface PromptColumn {
  readonly feature: PromptFeature;
  readonly name: string;
  readonly column: number;
}

export interface ArmColumns {
  /** Name of the arm, legal in a domain. */
  readonly arm: string;
  readonly reward: number;
  /** Column of the dollars; null where the file does not price every arm. */
  readonly dollars: number | null;
}

/** A reward column is one of these prefixes and the name of an arm. The first family of which there are two columns counts. */
const rewardPrefixes = ['correct_', 's_', 'r_'] as const;
const DOLLAR_PREFIX = 'c_';
/** The features that buckets are made of, in order of preference. */
const bucketFeatures = ['subject', 'task', 'source'] as const;

export const understoodColumns =
  'two or more of correct_<arm>, s_<arm> or r_<arm> (reward in [0, 1]), optionally c_<arm> (dollars), ' +
  'subject, task or source (the bucket), contaminated (1: left out), prompt and prompt_chars (features that are asked for)';

/**
 * Finds the layout of a file by the names of its columns, never by its own name.
 * @throws ReckonerError request_invalid where there is nothing to choose between, or a column is there twice
 */
export function detectLayout(header: readonly string[]): Layout {
  const prefix = rewardPrefixes.find(
    (candidate) => header.filter((column) => isArmColumn(column, candidate)).length >= 2,
  );
  if (prefix === undefined) {
    throw new ReckonerError('request_invalid', `The columns ${listed(header)} are not those of recorded arms.`, {
      remedy: `Give a file with these columns: ${understoodColumns}.`,
    });
  }
  const rewardColumns = header.filter((column) => isArmColumn(column, prefix));
  const names = rewardColumns.map((column) => column.slice(prefix.length));
  const priced = names.every((name) => header.includes(DOLLAR_PREFIX + name));
  const feature = bucketFeatures.find((candidate) => header.includes(candidate));
  const arms = legalNames(names).map((arm, index) => ({
    arm,
    reward: only(header, `${prefix}${names[index]}`),
    dollars: priced ? only(header, `${DOLLAR_PREFIX}${names[index]}`) : null,
  }));
  return {
    arms,
    bucket: feature === undefined ? null : { feature, column: only(header, feature) },
    contaminated: header.includes('contaminated') ? only(header, 'contaminated') : null,
    priced,
  };
}

/** The columns of what is asked of the prompts. @throws ReckonerError request_invalid where one is not there, or there twice */
export function detectPrompt(header: readonly string[], features: readonly PromptFeature[]): PromptColumn[] {
  return features.map((feature) => {
    const name = promptColumns[feature];
    if (header.includes(name)) return { feature, name, column: only(header, name) };
    throw new ReckonerError('request_invalid', `The file has no column ${name}.`, {
      remedy: `Leave the feature ${feature} out, or give a file that has it.`,
    });
  });
}

function isArmColumn(column: string, prefix: string): boolean {
  return column.startsWith(prefix) && column.length > prefix.length;
}

function only(header: readonly string[], column: string): number {
  const index = header.indexOf(column);
  if (header.lastIndexOf(column) !== index) {
    throw new ReckonerError('request_invalid', `The column ${column} is there twice.`, {
      remedy: 'Give every column a name of its own.',
    });
  }
  return index;
}

/** An arm of a domain may not be called everything that a column may: other characters become -, and what collides is numbered. */
function legalNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const legal = name
      .replace(/[^A-Za-z0-9._:/@-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 60);
    let unique = legal === '' ? 'arm' : legal;
    for (let number = 2; taken.has(unique); number++) unique = `${legal === '' ? 'arm' : legal}-${number}`;
    taken.add(unique);
    return unique;
  });
}

function listed(header: readonly string[]): string {
  const shown = header.slice(0, 12).map((column) => (column.length > 40 ? `${column.slice(0, 40)}…` : column));
  return shown.join(', ') + (header.length > shown.length ? ', …' : '');
}
