import type { ActorRef, EventObject, Snapshot } from 'xstate';

/**
 * Sends what moves an actor's machine, while there is one: what an actor that broke or was put away had under way ends later, and
 * is nobody's any more. XState's development build would say so on the operator's terminal, event and all.
 */
export function sendTo<Event extends EventObject>(actor: ActorRef<Snapshot<unknown>, Event>): (event: Event) => void {
  return (event) => {
    if (actor.getSnapshot().status === 'active') actor.send(event);
  };
}
