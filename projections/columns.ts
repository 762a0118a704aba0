/** Columns, said shortly. */
import type { Column } from './projection.ts';

export const text = (about: string): Column => ({ type: 'text', about });

export const integer = (about: string): Column => ({ type: 'integer', about });

export const real = (about: string): Column => ({ type: 'real', about });

export const blob = (about: string): Column => ({ type: 'blob', about });

/** The same, but it may be null. */
export const orNull = (column: Column): Column => ({ ...column, nullable: true });

export const TENANT = text('Owner of the domain.');
export const DOMAIN = text('Name of the domain.');
export const TIME = integer('When its writer recorded it, milliseconds since 1970-01-01 UTC.');
