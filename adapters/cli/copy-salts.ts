/** The salts of people go with a log that is copied: from the file beside it into the bucket that nodes share. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connectNats } from '../nats/connection.ts';
import { natsSettings } from '../nats/settings.ts';
import { openNatsSalts } from '../nats/subject-salts.ts';
import { readSalts } from '../sqlite/subject-salts.ts';
import type { Cli } from './cli.ts';
import { dataFiles } from './compose/data-files.ts';
import { replicasFrom } from './compose/stores.ts';
import type { CopySpec } from './copy-ends.ts';
import { usageError } from './failure.ts';

/** So many are asked for at once. */
const AT_ONCE = 64;

/**
 * @returns how many there are; those that are there already are left as they are
 * @throws ReckonerError request_invalid, destination_differs, salts_unreachable, bus_unreachable, bus_refused
 */
export async function copySalts(from: CopySpec, env: Cli['env']): Promise<number> {
  const settings = saltsSettings(from, env);
  const file = join(dirname(from.name), dataFiles.salts);
  const salts = existsSync(file) ? readSalts(file) : [];
  const link = await connectNats(settings, { name: 'reckoner copy-log', connectMs: 5_000 });
  try {
    const store = await openNatsSalts({ link, replicas: replicasFrom(env) });
    for (let at = 0; at < salts.length; at += AT_ONCE)
      await Promise.all(salts.slice(at, at + AT_ONCE).map(({ lookup, salt }) => store.bring(lookup, salt)));
    return salts.length;
  } finally {
    await link.close();
  }
}

/** What is asked before anything is copied. @throws ReckonerError request_invalid, bus_settings_invalid */
export function saltsSettings(from: CopySpec, env: Cli['env']) {
  const settings = natsSettings(env);
  if (from.kind !== 'file')
    throw usageError('--with-salts takes them from the file beside a log.', 'Name a data directory with --from.');
  if (settings === undefined) throw usageError('--with-salts needs NATS_URL.', 'Salts that nodes share are in NATS.');
  return settings;
}
