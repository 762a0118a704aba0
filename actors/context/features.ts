/** From a context to doubles and a bucket, and back to words, as a domain's schema declares them. */
import { hash } from 'node:crypto';
import { ReckonerError } from '../../events/errors.ts';
import type { FeatureKind } from '../../policies/encoding.ts';
import { derivations, type Feature, featureKinds, TEXT_LENGTH } from '../config/context.ts';
import type { DomainConfig } from '../config/domain-config.ts';
import { base32 } from '../identity/base32.ts';
import type { ContextValue } from '../messages/fields.ts';
import type { Column } from './feature-column.ts';
import { embeddingColumn, hashedColumn, textColumn } from './projected-features.ts';

export interface ContextSchema {
  /** What each feature is. */
  readonly kinds: readonly FeatureKind[];
  /** Equal for two schemas if each double means the same in both: names, kinds and values, in their order. */
  meaning(): string;
  /**
   * The features as doubles, in the order of the schema: numbers as they are, booleans 0 or 1, categories by index, texts and
   * embeddings as the numbers of their projection.
   * @param time of the request, milliseconds since 1970, for derived features
   * @throws ReckonerError context_invalid with every path that is wrong; values are not repeated
   */
  encode(context: Readonly<Record<string, ContextValue>>, time: number): number[];
  /**
   * The context with a mark for every value that is not recorded as it is: a text, an embedding, a category that is hashed.
   * @param mark of a value, from which it cannot be guessed
   */
  marked(
    context: Readonly<Record<string, ContextValue>>,
    mark: (value: unknown) => string,
  ): Readonly<Record<string, unknown>>;
  /** The features in words again; of texts and embeddings their numbers. */
  describe(features: readonly number[]): Record<string, ContextValue>;
  /** One of the doubles in words: `task` and `code`, `prompt[3]` and 0.21. */
  tell(index: number, double: number): readonly [name: string, value: ContextValue];
  /** The bucket these features fall into. */
  bucketOf(features: readonly number[]): Bucket;
  /** What the requests of that bucket share, feature by feature. */
  valuesOf(features: readonly number[]): BucketValues;
  /** The doubles of which only so much is known: NaN where it is not one value that is shared, as a number's span is not. */
  known(values: BucketValues): number[];
  /** A context that is valid. */
  readonly example: Readonly<Record<string, ContextValue>>;
}

export interface Bucket {
  /** 80 bits of the hash of the bucket's canonical values: 16 digits of base32. */
  readonly id: string;
  /** The values in words, for people: `subject=astronomy, tokens 500 to 4000`; `all` where the domain has one bucket. */
  readonly label: string;
}

/** Features that the requests of a bucket share, in words by their names; of a number the span that it lies in. */
export type BucketValues = Readonly<Record<string, string>>;

/** A bucket in words. */
export interface ToldBucket extends Pick<Bucket, 'label'> {
  readonly values: BucketValues;
}

const TOO_MUCH_TEXT = `must have at most ${TEXT_LENGTH} characters, together with the texts before it: send parts of them`;

/** A feature by its name, and where its doubles begin. */
type Placed = Column & { readonly name: string; readonly at: number };

export function compileContext(config: Pick<DomainConfig, 'context' | 'bucketBy' | 'timezone'>): ContextSchema {
  const columns = placed(config);
  const veiled = columns.flatMap((column) => (column.veiled ? [column.name] : []));
  const known = new Set(columns.map(({ name }) => name));
  // Sorted, so that the order in which bucketBy names its features makes no other buckets.
  const bucketColumns = [...config.bucketBy].sort().map((name) => columns.find((found) => found.name === name));
  const buckets = new Map<string, Bucket>();

  return {
    kinds: featureKinds(config.context),
    meaning() {
      const features = Object.entries(config.context).map(([name, feature]) => [
        name,
        feature.type,
        meaningOf(feature),
      ]);
      return base32(hash('sha256', JSON.stringify(features), 'buffer'), 80);
    },
    encode(context, time) {
      const details: { path: string; message: string }[] = [];
      for (const name of Object.keys(context)) {
        if (!known.has(name))
          details.push({ path: `context.${name.slice(0, 64)}`, message: 'is not a feature of this domain' });
      }
      const features: number[] = [];
      let characters = 0;
      for (const { name, size, encode } of columns) {
        const given = Object.hasOwn(context, name) ? context[name] : undefined;
        const length = size !== undefined && typeof given === 'string' ? given.length : 0;
        characters += length;
        // Not even read: nobody else is answered meanwhile.
        const isTooMuch = length > 0 && characters > TEXT_LENGTH && characters > length;
        const encoded = isTooMuch ? TOO_MUCH_TEXT : encode(given, time);
        if (typeof encoded === 'number') features.push(encoded);
        else if (typeof encoded === 'object') for (const double of encoded) features.push(double);
        else details.push({ path: `context.${name}`, message: encoded });
      }
      if (details.length > 0) {
        const first = details[0];
        throw new ReckonerError(
          'context_invalid',
          `The context does not fit the domain: ${first?.path} ${first?.message}.`,
          {
            details: details.slice(0, 20),
          },
        );
      }
      return features;
    },
    marked(context, mark) {
      const given = veiled.filter((name) => Object.hasOwn(context, name));
      if (given.length === 0) return context;
      // An object, which no value of a feature is: a text that looks like a mark is none.
      return { ...context, ...Object.fromEntries(given.map((name) => [name, { mark: mark(context[name]) }])) };
    },
    describe: (features) =>
      Object.fromEntries(
        columns.map(({ name, size, at, describe }) => [
          name,
          size === undefined ? describe(features[at] ?? Number.NaN) : features.slice(at, at + size),
        ]),
      ),
    tell(index, double) {
      const column = columns.findLast(({ at }) => at <= index);
      if (column === undefined) return [`#${index}`, double];
      return [
        column.size === undefined ? column.name : `${column.name}[${index - column.at}]`,
        column.describe(double),
      ];
    },
    bucketOf(features) {
      const canonical = bucketColumns.map((column) => cellOf(column, features)).join('\u001f');
      const cached = buckets.get(canonical);
      if (cached !== undefined) return cached;
      const bucket = {
        id: base32(hash('sha256', Buffer.from(canonical), 'buffer'), 80),
        label: bucketColumns.map((column) => labelOf(column, features)).join(', ') || 'all',
      };
      // A bounded memory of the hashes: forgetting all of them at once costs a microsecond each, later.
      if (buckets.size >= 20_000) buckets.clear();
      buckets.set(canonical, bucket);
      return bucket;
    },
    valuesOf: (features) =>
      Object.fromEntries(
        bucketColumns.flatMap((column) => (column === undefined ? [] : [[column.name, wordsOf(column, features)]])),
      ),
    known(values) {
      const doubles = new Array<number>(columns.reduce((sum, { size = 1 }) => sum + size, 0)).fill(Number.NaN);
      for (const { name, at, recall } of columns) {
        const value = Object.hasOwn(values, name) ? values[name] : undefined;
        doubles[at] = (value === undefined ? undefined : recall?.(value)) ?? Number.NaN;
      }
      return doubles;
    },
    example: Object.fromEntries(
      columns.flatMap(({ name, example }) => (example === undefined ? [] : [[name, example]])),
    ),
  };
}

function placed({ context, timezone }: Pick<DomainConfig, 'context' | 'timezone'>): Placed[] {
  let next = 0;
  return Object.entries(context).map(([name, feature]) => {
    const column = columnOf(feature, timezone);
    const at = next;
    next += column.size ?? 1;
    return { ...column, name, at };
  });
}

/** What the doubles of a feature stand for: the values of indices, or what makes them; nothing where they are numbers or booleans. */
function meaningOf(feature: Feature): unknown {
  switch (feature.type) {
    case 'categorical':
      return feature.hash === undefined ? feature.values : { hash: feature.hash };
    case 'derived':
      return derivations[feature.from];
    case 'text':
      return [feature.hashing, feature.dimensions, feature.ngrams, feature.weight];
    case 'embedding':
      return [feature.projection, feature.size, feature.dimensions, feature.weight];
    default:
      return [];
  }
}

function cellOf(column: Placed | undefined, features: readonly number[]): string {
  return `${column?.name}=${column?.cell(features[column.at] ?? Number.NaN)}`;
}

function labelOf(column: Placed | undefined, features: readonly number[]): string {
  if (column?.label === undefined) return cellOf(column, features);
  return `${column.name} ${wordsOf(column, features)}`;
}

function wordsOf({ label, cell, at }: Placed, features: readonly number[]): string {
  return (label ?? cell)(features[at] ?? Number.NaN);
}

function columnOf(feature: Feature, timezone: string): Column {
  switch (feature.type) {
    case 'numeric':
      return {
        encode: (value) => numeric(feature, value ?? feature.default),
        describe: (double) => double,
        cell: (double) => numericCell(feature, double),
        label: (double) => numericLabel(feature, double),
        example: feature.default ?? Math.min(Math.max(1, feature.min ?? 1), feature.max ?? 1),
      };
    case 'boolean':
      return {
        encode: (given) => {
          const value = given ?? feature.default;
          return typeof value === 'boolean'
            ? Number(value)
            : value === undefined
              ? 'is missing'
              : 'must be true or false';
        },
        describe: (double) => double === 1,
        cell: (double) => String(double === 1),
        recall: (cell) => Number(cell === 'true'),
        example: feature.default ?? true,
      };
    case 'categorical':
      return feature.hash === undefined
        ? categorical(feature.values ?? [], feature.default)
        : hashedColumn(feature.hash, feature.default);
    case 'derived': {
      const values = derivations[feature.from];
      const derive = derivation(feature.from, timezone);
      const table = categorical(values, undefined);
      return {
        ...table,
        encode: (value, time) => (value === undefined ? derive(time) : table.encode(value)),
        example: undefined,
      };
    }
    case 'text':
      return textColumn(feature);
    case 'embedding':
      return embeddingColumn(feature);
  }
}

function categorical(values: readonly string[], otherwise: string | undefined) {
  const indices = new Map(values.map((value, index) => [value, index]));
  const choice =
    values.length <= 12 ? `must be one of ${values.join(', ')}` : `must be one of its ${values.length} declared values`;
  return {
    encode: (given: ContextValue | undefined) => {
      const value = given ?? otherwise;
      if (value === undefined) return 'is missing';
      return (typeof value === 'string' ? indices.get(value) : undefined) ?? choice;
    },
    describe: (double: number): ContextValue => values[double] ?? `#${double}`,
    cell: (double: number) => values[double] ?? `#${double}`,
    recall: (cell: string) => indices.get(cell),
    example: otherwise ?? values[0],
  };
}

function numeric(feature: Extract<Feature, { type: 'numeric' }>, value: ContextValue | undefined): number | string {
  if (value === undefined) return 'is missing';
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a finite number';
  if (feature.min !== undefined && value < feature.min) return `must be at least ${feature.min}`;
  if (feature.max !== undefined && value > feature.max) return `must be at most ${feature.max}`;
  return value;
}

function numericCell(feature: Extract<Feature, { type: 'numeric' }>, value: number): string {
  if (feature.bins !== undefined) {
    const [from, to] = binOf(feature.bins, value);
    return `[${from ?? '-inf'},${to ?? 'inf'})`;
  }
  const step = feature.round ?? 1;
  return `${stepsOf(step, value)}x${step}`;
}

/** `< 500`, `500 to 2000` (which begins at 500 and ends before 2000), `≥ 2000`; `≈ 3.5` where it is rounded. */
function numericLabel(feature: Extract<Feature, { type: 'numeric' }>, value: number): string {
  if (feature.bins !== undefined) {
    const [from, to] = binOf(feature.bins, value);
    if (from === undefined) return `< ${to}`;
    return to === undefined ? `≥ ${from}` : `${from} to ${to}`;
  }
  const step = feature.round ?? 1;
  // 3 x 0.1 is 0.30000000000000004: a person is told 0.3.
  return `≈ ${Number((stepsOf(step, value) * step).toPrecision(12))}`;
}

/** The edges around a value: a bin holds its lower edge and not its upper one. */
function binOf(bins: readonly number[], value: number): readonly [from: number | undefined, to: number | undefined] {
  const above = bins.findIndex((edge) => value < edge);
  const at = above === -1 ? bins.length : above;
  return [bins[at - 1], bins[at]];
}

function stepsOf(step: number, value: number): number {
  const rounded = Math.round(value / step);
  return rounded === 0 ? 0 : rounded;
}

function derivation(from: keyof typeof derivations, timezone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: 'numeric',
    weekday: 'short',
    hourCycle: 'h23',
  });
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
  return (time) => {
    const parts = format.formatToParts(time);
    const day = days.indexOf(parts.find(({ type }) => type === 'weekday')?.value ?? '');
    if (from === 'day_of_week') return day;
    if (from === 'day_type') return day >= 5 ? 1 : 0;
    const hour = Number(parts.find(({ type }) => type === 'hour')?.value);
    // morning 6-12, afternoon 12-18, evening 18-23, night
    return hour >= 6 && hour < 12 ? 0 : hour >= 12 && hour < 18 ? 1 : hour >= 18 && hour < 23 ? 2 : 3;
  };
}
