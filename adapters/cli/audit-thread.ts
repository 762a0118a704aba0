/** A thread that audits its part of a log file. */
import { parentPort, workerData } from 'node:worker_threads';
import { problemOf } from '../../events/errors.ts';
import { auditPart, type FileFinding, type PartOptions, type PartResult } from './audit-part.ts';

/** What it tells. */
export type ThreadMessage =
  | { readonly findings: readonly FileFinding[] }
  | { readonly result: PartResult }
  | { readonly problem: ReturnType<typeof problemOf> };

/** Findings of one message. */
const AT_ONCE = 1_000;

const tell = (message: ThreadMessage) => parentPort?.postMessage(message);
let findings: FileFinding[] = [];
const flush = () => {
  if (findings.length > 0) tell({ findings });
  findings = [];
};
const found = (finding: FileFinding) => {
  findings.push(finding);
  if (findings.length === AT_ONCE) flush();
};
try {
  // Started with these data by audit-file.ts alone.
  const result = await auditPart(workerData as PartOptions, found, () => {});
  flush();
  tell({ result });
} catch (thrown) {
  tell({ problem: problemOf(thrown) });
}
