/** Follows the domains' streams, so that what other processes configure takes effect here without a restart. */
import type { EventLog, Position } from '../../events/event-log.ts';
import { DOMAIN_STREAMS, domainOfStream } from '../../events/streams.ts';
import type { Environment } from '../environment.ts';
import { FOLLOW_PAUSE_MS } from '../retries.ts';
import type { Domains } from './domains.ts';

/** Times that one event may fail to be read before it is passed by. */
const TRIES = 3;

/**
 * Keeps the loaded domains up with the log from its present head on; settles when the signal is aborted.
 * @param onSeen told how far the log was looked through, each time that all there was has been
 * @param onFailure told of each failure; following then begins anew where it stood
 */
export async function followDomains(
  { log, env }: { readonly log: EventLog; readonly env: Environment },
  domains: Domains,
  signal: AbortSignal,
  onFailure: (stream: string, thrown: unknown) => void,
  onSeen: (position: Position) => void = () => {},
): Promise<void> {
  let after: Position | undefined;
  let tries = 0;
  while (!signal.aborted) {
    try {
      after ??= await log.head();
      for await (const message of log.subscribe({ after, streamPrefix: DOMAIN_STREAMS, signal })) {
        if (message.type === 'caughtUp') {
          after = message.position;
          onSeen(after);
          continue;
        }
        const { stream, revision, position } = message.event;
        const { tenant, name } = domainOfStream(stream);
        const domain = domains.loaded(tenant, name);
        tries += 1;
        // Passed by only when read, or given up: one damaged domain must not keep the others from being followed.
        if (tries >= TRIES) {
          after = position;
          tries = 0;
        }
        if (domain !== undefined && revision >= domain.timeline.length) await domain.refresh();
        after = position;
        tries = 0;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      onFailure('domains', thrown);
      await env.sleep(FOLLOW_PAUSE_MS);
    }
  }
}
