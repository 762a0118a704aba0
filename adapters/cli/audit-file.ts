/** Audits a log file: reads all of it, also around what is damaged, and has every event checked and every decision made again. */
import { setImmediate as turn } from 'node:timers/promises';
import { type AuditCounts, type AuditFinding, type AuditOptions, createAudit } from '../../actors/audit/audit.ts';
import { START } from '../../events/event-log.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { openSalvage } from '../sqlite/salvage.ts';
import { rowOf } from '../sqlite/schema.ts';
import { openStateShelf } from '../sqlite/state-shelf.ts';

export type FileFinding =
  | AuditFinding
  /** unreadable: a part of the file. file: what SQLite says of its structure. */
  | (Omit<AuditFinding, 'kind'> & { readonly kind: 'unreadable' | 'file' });

export interface FileAudit extends Omit<AuditOptions, 'log' | 'makePolicy' | 'found' | 'shelf'> {
  readonly found: (finding: FileFinding) => void;
  /** Whether SQLite is asked for the structure of the file too. */
  readonly structure?: boolean;
  /** Told of how far it is, in [0, 1]; what it throws ends the audit. */
  readonly progress?: (share: number) => void;
}

/** @throws ReckonerError log_corrupt where nothing of the file can be read, log_newer, log_unusable, log_locked */
export async function auditFile(
  file: string,
  { progress = () => {}, structure = false, ...options }: FileAudit,
): Promise<AuditCounts> {
  const { found, wanted = () => true } = options;
  const salvage = openSalvage(file);
  const shelf = openStateShelf();
  try {
    const audit = createAudit({ ...options, log: salvage, makePolicy: createPolicy, shelf });
    for (const part of salvage.read()) {
      await turn(); // for whoever interrupts it
      if ('events' in part) {
        for (const event of part.events) {
          const reading = audit.next(event);
          if (reading !== undefined) await reading;
        }
        const last = part.events.at(-1);
        if (last !== undefined && salvage.last > 0) progress(Math.min(1, rowOf(last.position) / salvage.last));
      } else if (wanted({ stream: '', position: part.from }, undefined)) {
        found({ ...NO_EVENT, kind: 'unreadable', position: part.from, what: part.what });
      }
    }
    const counts = await audit.finish();
    for (const line of structure ? salvage.examine() : [])
      found({ ...NO_EVENT, kind: 'file', position: START, what: `SQLite says of the file: ${line}.` });
    return counts;
  } finally {
    shelf.close();
    salvage.close();
  }
}

const NO_EVENT = { stream: '', revision: -1, eventId: '' } as const;
