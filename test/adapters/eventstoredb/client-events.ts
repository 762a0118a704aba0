/** What tests of the double and of the log over it ask the published client. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AllStreamSubscription, binaryEvent, type StreamSubscription } from '@eventstore/db-client';

export function clientEvent(id: string = randomUUID(), type = 'DecisionMade') {
  return binaryEvent({ id, type, data: Buffer.from(`data of ${id}`), metadata: Uint8Array.from([1, 2, 3, 255]) });
}

export function clientEvents(count: number, type?: string) {
  return Array.from({ length: count }, () => clientEvent(undefined, type));
}

/** What a subscription tells, in order: names of its notes, ids of its events. */
export function listen(subscription: AllStreamSubscription | StreamSubscription): string[] {
  const heard: string[] = [];
  subscription.on('confirmation', () => heard.push('confirmation'));
  subscription.on('caughtUp', () => heard.push('caughtUp'));
  subscription.on('error', (error: Error) => heard.push(`error ${Reflect.get(error, 'type')}`));
  subscription.on('data', ({ event }) => heard.push(event?.id ?? 'nothing'));
  return heard;
}

/** Asks again until it is answered, as one must after a server was away. */
export async function again<T>(ask: () => Promise<T>, attempts = 100): Promise<T> {
  for (let left = attempts; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left <= 0) throw error;
      await sleep(20);
    }
  }
}
