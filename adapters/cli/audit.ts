/** `reckoner audit`: is the log what was written, and does it still give what was decided? */
import type { Command } from 'commander';
import { registerAuditSeal } from './audit-seal.ts';
import { registerAuditTrail } from './audit-trail.ts';
import { registerAuditVerify } from './audit-verify.ts';
import type { Cli } from './cli.ts';
import { helpText } from './help-text.ts';

const NOTES = `
Reads the log and changes nothing; works beside a running server and on a copy. verify checks every event and makes every
decision again; trail tells all of one decision; seal prints one hash that stands for all of the log up to now: kept elsewhere, it tells later that nothing was
cut off or written anew.

Examples:
  reckoner audit verify
  reckoner audit trail DECISION_ID
  reckoner audit seal --json > seal-2026-11.json
  reckoner audit verify --seal seal-2026-11.json`;

/** Adds `reckoner audit verify|trail|seal`. */
export function registerAudit(program: Command, cli: Cli): void {
  const audit = program
    .command('audit')
    .description('check the log and every decision in it')
    .addHelpText('after', helpText(NOTES));
  registerAuditVerify(audit, cli);
  registerAuditTrail(audit, cli);
  registerAuditSeal(audit, cli);
}
