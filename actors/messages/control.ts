import { z } from 'zod';

export const ControlBody = z.strictObject({
  reason: z.string().max(500).default('').describe('why, for those who read the log'),
});

export type ControlCommand = z.output<typeof ControlBody>;
