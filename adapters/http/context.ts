/** What Hono hands to the handlers of this door. */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

export interface DoorEnv {
  /** Node's own request and response: `c.env.incoming` and `c.env.outgoing`. */
  Bindings: HttpBindings;
  Variables: {
    /** Id of this exchange. */
    correlationId: string;
    /** Path of the route that took the request, with its braces; not set while none has. */
    route: string | undefined;
  };
}

export type DoorContext = Context<DoorEnv>;

export type DoorHandler = (c: DoorContext) => Response | Promise<Response>;
