/** `reckoner audit trail`: all that the log says of one decision. */
import type { Command } from 'commander';
import { type Trail, type TrailEvent, trailOf } from '../../actors/audit/trail.ts';
import type { Position } from '../../events/event-log.ts';
import { createPolicy } from '../../policies/catalogue.ts';
import { rowOf } from '../sqlite/schema.ts';
import type { Cli } from './cli.ts';
import { openNode } from './compose.ts';
import { dataDirOption, presentNode } from './data-dir.ts';
import { explanationLines, stampOf } from './explain-view.ts';
import { helpText } from './help-text.ts';
import type { Colours } from './terminal.ts';

interface TrailOptions {
  readonly json: boolean;
  readonly dataDir: string;
}

const NOTES = `
What explain tells, and around it: who asked (a pseudonym), which node wrote it, which configuration was in force and who set it,
the hashes that tie the event to its neighbours, every reward, retraction and call of an agent with who recorded it when, and
the rollback by which it does not count any more, if there is one. Calls of agents are looked for in all of the log after it.

Examples:
  reckoner audit trail DECISION_ID
  reckoner audit trail DECISION_ID --json | jq .inForce.configuration`;

/** Adds `reckoner audit trail`. */
export function registerAuditTrail(audit: Command, { terminal, env }: Cli): void {
  audit
    .command('trail')
    .description('tell all that the log says of a decision')
    .argument('<decisionId>', 'from the answer to the request, or from reckoner events')
    .option('--json', 'the trail as one JSON object', false)
    .addOption(dataDirOption())
    .addHelpText('after', helpText(NOTES))
    .action(async (decisionId: string, { json, dataDir }: TrailOptions) => {
      const node = await openNode(presentNode(dataDir, env));
      try {
        const trail = await trailOf(node.log, createPolicy, await node.reckoner.explain(decisionId));
        const { out } = terminal;
        const lines = json
          ? [JSON.stringify(trail)]
          : [...explanationLines(trail.decision, out.colours, out.width()), '', ...trailLines(trail, out.colours)];
        for (const line of lines) await out.line(line);
      } finally {
        await node.close();
      }
    });
}

/** What a person is told beside the explanation. */
function trailLines({ asked, inForce, chain, afterwards, calls, setAside }: Trail, colours: Colours): string[] {
  const label = (text: string) => colours.dim(text.padEnd(10));
  const { configuration } = inForce;
  const links = [
    chain.previous === null
      ? 'first of its stream'
      : `after ${chain.previous.type}@${chain.previous.revision}${linkOf(chain.previous)}`,
    chain.next === null
      ? 'last of its stream'
      : `before ${chain.next.type}@${chain.next.revision}${linkOf(chain.next)}`,
  ];
  return [
    `${label('asked by')}${asked.subject ?? 'nobody named'}, request ${asked.requestId}, correlation ${asked.correlationId}`,
    `${label('written')}by ${asked.node}, ${asked.engine}, event ${chain.eventId} at position ${rowOf(chain.position as Position)}`, // as the log gave it
    `${label('in force')}${inForce.policy} v${inForce.policyVersion}, configuration of revision ${configuration.revision}${inForce.frozen ? ', frozen' : ''}`,
    `${label('')}${eventText(configuration)}`,
    `${label('hash')}${chain.hash}${chain.checksum === false ? colours.red(' its checksum is wrong') : ''}`,
    `${label('chain')}${links.join(', ')}`,
    ...afterwards.map((event, index) => `${label(index === 0 ? 'later' : '')}${eventText(event)}`),
    ...calls.map((call, index) => `${label(index === 0 ? 'calls' : '')}${callText(call)}`),
    `${label('counts')}${setAside === null ? 'yes' : colours.yellow(`no: ${eventText(setAside)}`)}`,
  ];
}

function linkOf({ linked }: { readonly linked: boolean }): string {
  return linked ? '' : ' (THE HASHES DO NOT FIT)';
}

function eventText({ type, revision, time, node, by, reason }: TrailEvent): string {
  const who = by === null || by === '' ? '' : `, by ${by}`;
  const why = reason === null || reason === '' ? '' : ` (${reason})`;
  return `${stampOf(time)} ${type}@${revision}${who}${why}, written by ${node}`;
}

function callText({ time, agent, arm, outcome, latencyMs, costUsd }: Trail['calls'][number]): string {
  const cost = costUsd === null ? '' : `, $${costUsd}`;
  return `${stampOf(time)} ${agent} for ${arm}: ${outcome} in ${Math.round(latencyMs)} ms${cost}`;
}
