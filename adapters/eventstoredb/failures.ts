/** What the client throws, as what it means for whoever asked. */
import {
  AccessDeniedError,
  InvalidArgumentError,
  MaxAppendSizeExceededError,
  NotLeaderError,
  StreamDeletedError,
} from '@eventstore/db-client';
import { ReckonerError } from '../../events/errors.ts';

/** Whether nothing was written, for certain, and another node has to be asked, which the client then does. */
export function isNotLeader(thrown: unknown): boolean {
  return thrown instanceof NotLeaderError;
}

/**
 * What will not mend by asking again; undefined for the rest. Nothing was written in these cases. Everything else that is
 * thrown at an append leaves open whether it was: also `unavailable`, which the client says of an append whose answer was lost.
 */
export function refusalOf(thrown: unknown): ReckonerError | undefined {
  if (thrown instanceof ReckonerError) return thrown;
  if (thrown instanceof AccessDeniedError) {
    return new ReckonerError('log_unusable', 'EventStoreDB denied access.', {
      cause: thrown,
      remedy: 'Set EVENTSTORE_USER and EVENTSTORE_PASSWORD to a user that may read $all and append to these streams.',
    });
  }
  if (thrown instanceof StreamDeletedError) {
    return new ReckonerError('log_corrupt', 'The stream was deleted for good in EventStoreDB.', {
      cause: thrown,
      remedy: 'Restore the database of EventStoreDB: a deleted stream can be neither read nor continued.',
    });
  }
  if (thrown instanceof MaxAppendSizeExceededError) return tooLarge(thrown.maxAppendSize);
  if (thrown instanceof InvalidArgumentError) {
    return new ReckonerError('request_invalid', 'EventStoreDB took the request for invalid.', { cause: thrown });
  }
  return undefined;
}

/** @param limit bytes that the server takes in one append */
export function tooLarge(limit: number, bytes?: number): ReckonerError {
  const size = bytes === undefined ? '' : ` of ${bytes} bytes`;
  return new ReckonerError(
    'payload_too_large',
    `An append${size} is more than EventStoreDB takes at once (${limit}).`,
    {
      remedy: 'Send less at once; or raise MaxAppendSize on the server, and EVENTSTORE_MAX_APPEND_BYTES here.',
    },
  );
}

export function tooOld(place: string, version = 'unknown'): ReckonerError {
  return new ReckonerError('log_unusable', `EventStoreDB at ${place} is version ${version}: too old.`, {
    remedy: 'Run EventStoreDB 23.10 or newer: older ones never say that a subscription has caught up.',
  });
}

/** What a read, or an append that waits for its turn, is told where the store does not answer. */
export function unreachable(place: string, cause: unknown): ReckonerError {
  return new ReckonerError('log_unreachable', `EventStoreDB at ${place} does not answer.`, { cause });
}

export function errorFrom(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
