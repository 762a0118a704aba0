/** The thread that makes the read models of a node. */
import { randomUUID } from 'node:crypto';
import type { EventLog } from '../../../events/event-log.ts';
import { allProjections } from '../../projector/catalogue.ts';
import { type ProjectingThread, startProjectingThread } from '../../projector/thread.ts';

/** Node 20 does not run TypeScript: from the sources, as tests do, there are no threads. */
const WORKER = import.meta.url.endsWith('.ts') ? undefined : new URL('../../projector/worker.js', import.meta.url);

export interface ProjectingOptions {
  readonly files: { readonly log: string; readonly readModels: string };
  readonly log: EventLog;
  /** Name of the node. */
  readonly node: string;
  readonly onTrouble: (where: string, thrown: unknown) => void;
}

/** @returns undefined where nothing is compiled that a thread could run */
export function startProjecting({ files, log, node, onTrouble }: ProjectingOptions): ProjectingThread | undefined {
  if (WORKER === undefined) return undefined;
  return startProjectingThread({
    ...{ script: WORKER, logFile: files.log, file: files.readModels },
    ...{ owner: `${node} ${randomUUID()}`, random: Math.random, onTrouble },
    projections: allProjections(log).map(({ name }) => name),
  });
}
