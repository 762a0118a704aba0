import { expect, it } from 'vitest';
import { eventAt } from '../../events/event-at.ts';
import type { EventLog } from '../../events/event-log.ts';

it('there is no event before the first, and no store is asked for it: some refuse, some begin at the first', async () => {
  const log: Pick<EventLog, 'readStream'> = {
    readStream: () => {
      throw new Error('asked');
    },
  };
  expect(await eventAt(log, 'bucket-a', -1)).toBeUndefined();
  await expect(eventAt(log, 'bucket-a', 0)).rejects.toThrow('asked');
});
