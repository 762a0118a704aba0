/** A log that fails as it is told, once for each word of the script; the next appends go through. */
import { ReckonerError } from '../../events/errors.ts';
import type { AppendResult, EventLog } from '../../events/event-log.ts';

/** What befalls an append: `lost` and `unsaid` answer outcomeUnknown, without and with having written. */
export type Fault = 'ok' | 'lost' | 'unsaid' | 'log_full' | 'log_locked' | 'conflict';

export interface FaultyLog extends EventLog {
  /** What befalls the next appends to streams that begin so. */
  script: Fault[];
  prefix: string;
  /** Appends that were tried. */
  tried: number;
}

export function faulty(log: EventLog, prefix = 'bucket-'): FaultyLog {
  const unknown = (): AppendResult => ({ status: 'outcomeUnknown', cause: new Error('as scripted') });
  const wrapped: FaultyLog = {
    ...log,
    script: [],
    prefix,
    tried: 0,
    async append(stream, expected, events) {
      if (!stream.startsWith(wrapped.prefix)) return log.append(stream, expected, events);
      wrapped.tried += 1;
      const fault = wrapped.script.shift() ?? 'ok';
      switch (fault) {
        case 'ok':
          return log.append(stream, expected, events);
        case 'lost':
          return unknown();
        case 'unsaid':
          await log.append(stream, expected, events);
          return unknown();
        case 'conflict':
          return { status: 'conflict', reason: 'revision', actual: expected + 1 };
        default:
          throw new ReckonerError(fault, 'As scripted.');
      }
    },
  };
  return wrapped;
}
