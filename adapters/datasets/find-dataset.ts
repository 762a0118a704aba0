import { readdirSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { ReckonerError } from '../../events/errors.ts';

/** What a name may leave out; a plain file that was packed is found as well. */
const endings = ['', '.csv.gz', '.csv', '.gz'] as const;

/** The folder of the recorded requests: as told, else the environment's RECKONER_DATA, else ../shared/data. */
export function dataFolder(
  told?: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return resolve(told ?? (environment.RECKONER_DATA || '../shared/data'));
}

/**
 * The file of a dataset: `<folder>/<file>` within the data folder or a path of its own, with or without .csv or .csv.gz.
 * @throws ReckonerError request_invalid that names the files which are there
 */
export function findDataset(dataset: string, folder: string): string {
  const places = isAbsolute(dataset) ? [dataset] : [join(folder, dataset), resolve(dataset)];
  for (const place of places) {
    for (const ending of endings) if (isFile(place + ending)) return place + ending;
  }
  if (!isFolder(folder)) {
    throw new ReckonerError('request_invalid', `There is no ${dataset}: the data folder ${folder} does not exist.`, {
      remedy:
        'Say where the data is: --data DIR or the environment variable RECKONER_DATA; or give the path of a .csv or .csv.gz.',
    });
  }
  const there = datasetsIn(folder);
  throw new ReckonerError('request_invalid', `There is no ${dataset} in ${folder}.`, {
    remedy: `${meantBy(dataset, there)}${there.length === 0 ? 'No .csv or .csv.gz is there' : `There are ${listed(there)}`}; another folder is given by --data DIR or RECKONER_DATA.`,
  });
}

/** Names of the files in a data folder, as `--dataset` takes them, sorted. */
export function datasetsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (!isFolder(join(folder, entry.name))) return entry.name;
      return readable(join(folder, entry.name)).map((file) => `${entry.name}/${file}`);
    })
    .filter((file) => /\.csv(\.gz)?$/.test(file))
    .map((file) => file.replace(/\.csv(\.gz)?$/, ''))
    .sort();
}

/** Who leaves the folder out is reminded of it. */
function meantBy(dataset: string, there: readonly string[]): string {
  const meant = there.filter((name) => name.endsWith(`/${dataset}`));
  return meant.length === 0 ? '' : `Did you mean ${meant.join(' or ')}? `;
}

function readable(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function listed(names: readonly string[]): string {
  return names.slice(0, 30).join(', ') + (names.length > 30 ? `, … (${names.length})` : '');
}
