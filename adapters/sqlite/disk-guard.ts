/**
 * Watches the free space of the disk that the log is on. Before it is full nothing is recorded any more: a full disk would find
 * SQLite, the salts, the read models and everybody else on it in the middle of something.
 */
import { statfsSync } from 'node:fs';
import { ReckonerError } from '../../events/errors.ts';

/** Of a file system: blocks in all, blocks that this user may still fill, and bytes of one. */
export interface DiskSpace {
  readonly blocks: number;
  readonly bavail: number;
  readonly bsize: number;
}

export interface DiskGuardOptions {
  readonly directory: string;
  /** Bytes that must stay free; 0 watches nothing. Default: `leastFree` of the disk. */
  readonly minFreeBytes?: number;
  readonly statfs?: (directory: string) => DiskSpace;
  /** How often to look, in milliseconds; default 2,000. The timer does not keep the process alive. */
  readonly everyMs?: number;
  /** Told of each turn: with the refusal that holds from now on, or undefined where there is room again. */
  readonly onTurn?: (refusal: ReckonerError | undefined) => void;
}

export interface DiskGuard {
  /** What everything that writes is to be refused with; undefined while there is room. */
  refusal(): ReckonerError | undefined;
  /** Told of bytes that were given to the disk: after many it looks before its time. */
  wrote(bytes: number): void;
  close(): void;
}

const MB = 2 ** 20;

/**
 * What has to stay free unless said otherwise, in bytes: 256 MB, on disks of less than 25 GB one hundredth, and never less than
 * 32 MB, which the write-ahead log and one commit may need.
 */
export function leastFree({ blocks, bsize }: DiskSpace): number {
  return Math.max(32 * MB, Math.min(256 * MB, (blocks * bsize) / 100));
}

/** It takes up work again a little above where it stopped, or it would stop and go at every commit. */
const AGAIN = 1.5;
/** Of what must stay free, so much may be written between two looks. */
const SHARE_UNSEEN = 1 / 8;

export function watchDisk(options: DiskGuardOptions): DiskGuard {
  const { directory, minFreeBytes, statfs = statfsSync, everyMs = 2_000, onTurn = () => {} } = options;
  if (minFreeBytes === 0) return { refusal: () => undefined, wrote() {}, close() {} };
  let refusal: ReckonerError | undefined;
  let unseen = 0;
  let least = minFreeBytes ?? 256 * MB;

  function look(): void {
    unseen = 0;
    let space: DiskSpace;
    try {
      space = statfs(directory);
    } catch {
      return; // nothing is known that was not known before
    }
    const { blocks, bavail, bsize } = space;
    if (blocks === 0) return; // some network file systems do not tell
    least = minFreeBytes ?? leastFree(space);
    const free = bavail * bsize;
    const low = refusal === undefined ? free < least : free < least * AGAIN;
    const turned = low !== (refusal !== undefined);
    if (low) refusal = turned ? refusalAt(directory, free, least) : refusal;
    else refusal = undefined;
    if (turned) onTurn(refusal);
  }

  look();
  const timer = setInterval(look, everyMs).unref();
  return {
    refusal: () => refusal,
    wrote(bytes) {
      unseen += bytes;
      if (unseen > least * SHARE_UNSEEN) look();
    },
    close: () => clearInterval(timer),
  };
}

function refusalAt(directory: string, free: number, least: number): ReckonerError {
  const [left, wanted, again] = [free, least, least * AGAIN].map((bytes) => `${Math.round(bytes / MB)} MB`);
  return new ReckonerError(
    'disk_nearly_full',
    `${directory} has ${left} free, less than the ${wanted} that must stay: nothing is recorded, everything can be read.`,
    {
      remedy: `Free space on that disk, or archive old events: above ${again} work goes on by itself. RECKONER_MIN_FREE_MB sets the limit.`,
    },
  );
}

/**
 * RECKONER_MIN_FREE_MB in bytes; undefined where it is not set.
 * @throws ReckonerError request_invalid
 */
export function minFreeFrom(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env.RECKONER_MIN_FREE_MB;
  if (text === undefined || text === '') return undefined;
  const megabytes = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && Number.isFinite(megabytes)) return megabytes * MB;
  throw new ReckonerError('request_invalid', 'RECKONER_MIN_FREE_MB is not a number of megabytes.', {
    remedy: 'Set it to megabytes such as 256, to 0 to watch nothing, or not at all.',
  });
}
