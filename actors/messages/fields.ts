/**
 * The messages of this folder are what crosses the bus and the doors: commands with their schemas, and the answers to them. Each
 * schema is the one declaration of its message; doors validate with it and derive their documentation from it. Here is what
 * several of them have in common.
 */
import { z } from 'zod';
import { EMBEDDING_LENGTH, TEXT_LENGTH } from '../config/context.ts';

export const RequestId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .describe(
    'makes the request idempotent: the same id with the same body gives the recorded answer; printable ASCII without spaces',
  );

export const Subject = z.string().min(1).max(256).describe('the person it is for; only a pseudonym is stored');

export const unit = z.number().min(0).max(1);

/** Longest name of a feature. */
export const NAME_LENGTH = 64;

/** The features of a request by name: an array of numbers is an embedding. */
export const Context = z.record(
  z.string().max(NAME_LENGTH),
  z.union([z.number(), z.boolean(), z.string().max(TEXT_LENGTH), z.array(z.number()).max(EMBEDDING_LENGTH)]),
);

/** The value of a feature: as callers send it, or as it can be told from the log, where texts and embeddings are the numbers that were made of them. */
export type ContextValue = number | boolean | string | readonly number[];
