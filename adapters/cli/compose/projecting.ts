/** The thread that makes the read models of a node. */
import { randomUUID } from 'node:crypto';
import type { EventLog } from '../../../events/event-log.ts';
import { allProjections } from '../../projector/catalogue.ts';
import { type ProjectingThread, startProjectingThread } from '../../projector/thread.ts';
import type { Cli } from '../cli.ts';
import type { StoreFiles } from './stores.ts';

/** Node 20 does not run TypeScript: from the sources, as tests do, there are no threads. */
const WORKER = import.meta.url.endsWith('.ts') ? undefined : new URL('../../projector/worker.js', import.meta.url);

export interface ProjectingOptions {
  readonly files: StoreFiles;
  readonly log: EventLog;
  readonly variables: Cli['env'];
  /** Name of the node. */
  readonly node: string;
  readonly onTrouble: (where: string, thrown: unknown) => void;
}

/** @returns undefined where nothing is compiled that a thread could run */
export function startProjecting({
  files,
  log,
  variables,
  node,
  onTrouble,
}: ProjectingOptions): ProjectingThread | undefined {
  if (WORKER === undefined) return undefined;
  return startProjectingThread({
    ...{
      script: WORKER,
      variables: { ...variables },
      logFile: files.log,
      indexFile: files.index,
      file: files.readModels,
    },
    ...{ owner: `${node} ${randomUUID()}`, random: Math.random, onTrouble },
    projections: allProjections(log).map(({ name }) => name),
  });
}
