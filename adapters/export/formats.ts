import { dsjson } from './dsjson.ts';
import type { Format } from './format.ts';
import { obp } from './obp.ts';
import { csv, ndjson } from './plain.ts';

/** By the name that `--format` takes. */
export const formats = { ndjson, csv, obp, dsjson } as const satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;
