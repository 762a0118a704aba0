import { z } from 'zod';
import { ArmName } from '../config/names.ts';

const ItemId = z.string().min(1).max(256).describe('your id of the item');

export const ItemsBody = z.strictObject({
  items: z
    .array(
      z.strictObject({
        item: ItemId,
        arm: ArmName.describe('the arm that it came from, one of the decision’s slate'),
        position: z.int().min(0).max(100_000).describe('its place, from 0'),
      }),
    )
    .min(1)
    .max(1000),
});

export type ItemsCommand = z.output<typeof ItemsBody>;

export const BlendBody = z.strictObject({
  lists: z
    .array(
      z.strictObject({
        arm: ArmName.describe('the arm that ranked these items, one of the decision’s slate'),
        items: z.array(ItemId).max(1000).describe('what it recommends, best first; may be empty'),
      }),
    )
    .min(1)
    .max(100)
    .refine((lists) => new Set(lists.map(({ arm }) => arm)).size === lists.length, 'an arm has more than one list')
    .describe('one list for each arm that was asked'),
  size: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('how many items are wanted; fewer come where the lists end before'),
});

export type BlendBody = z.input<typeof BlendBody>;

export type BlendCommand = z.output<typeof BlendBody>;

export interface ItemsReceipt {
  readonly decisionId: string;
  readonly items: number;
  readonly repeated: boolean;
}

/** Items from several arms as one list, in its order. */
export interface Blend {
  readonly decisionId: string;
  readonly items: readonly { readonly item: string; readonly arm: string; readonly position: number }[];
  readonly repeated: boolean;
}
