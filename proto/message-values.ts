/** What `generated/messages.ts` cannot say by itself: messages that stand for plain values, and maps. */
import type { Reader, Writer } from 'protobufjs/minimal.js';
import { recurringText } from './recurring-text.ts';

/** The value of a feature; undefined where the message names none, which its receiver refuses. */
export type FeatureValue = number | boolean | string | readonly number[] | undefined;
export type FeedbackValue = string | { readonly rating: number } | undefined;

export function isRecord(body: unknown): body is Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return false;
  const prototype: unknown = Object.getPrototypeOf(body);
  return prototype === Object.prototype || prototype === null;
}

export function isRecordOf(body: unknown, fits: (item: unknown) => boolean): boolean {
  if (!isRecord(body)) return false;
  for (const key in body) if (!fits(body[key])) return false;
  return true;
}

export function isUint32(item: unknown): item is number {
  return typeof item === 'number' && item >>> 0 === item && !Object.is(item, -0);
}

/** Where the message that comes next ends, which must not be behind the end of the one that holds it. */
export function endOf(r: Reader, within: number): number {
  const end = r.uint32() + r.pos;
  if (end > within) throw cutOff();
  return end;
}

export function cutOff(): RangeError {
  return new RangeError('A message ends before its fields do.');
}

export function unknownField(message: string, tag: number): RangeError {
  return new RangeError(`${message} has no field ${tag >>> 3} of wire type ${tag & 7}.`);
}

export function writeEntries<T>(
  record: Readonly<Record<string, T>>,
  tag: number,
  write: (item: T, w: Writer) => Writer,
  w: Writer,
): void {
  for (const key in record) {
    w.uint32(tag).fork().uint32(10).string(key).uint32(18).fork();
    write(record[key] as T, w)
      .ldelim()
      .ldelim(); // the key was just seen
  }
}

export function readEntry<T>(
  record: Record<string, T>,
  read: (r: Reader, end: number) => T,
  r: Reader,
  end: number,
): void {
  let key = '';
  let value: T | undefined;
  while (r.pos < end) {
    const tag = r.uint32();
    if (tag === 10) key = recurringText(r);
    else if (tag === 18) value = read(r, endOf(r, end));
    else throw unknownField('An entry', tag);
  }
  if (r.pos !== end) throw cutOff();
  if (key === '__proto__') throw new RangeError('No entry may be called __proto__.');
  record[key] = value as T; // what is missing is for who judges the body
}

export function fitsValue(item: unknown): item is FeatureValue {
  if (Array.isArray(item)) return item.every((number) => typeof number === 'number');
  return typeof item === 'number' || typeof item === 'string' || typeof item === 'boolean';
}

export function writeValue(value: FeatureValue, w: Writer): Writer {
  switch (typeof value) {
    case 'number':
      return w.uint32(9).double(value);
    case 'boolean':
      return w.uint32(16).bool(value);
    case 'string':
      return w.uint32(26).string(value);
    case 'object': {
      w.uint32(34).fork();
      if (value.length > 0) {
        w.uint32(10).fork();
        for (const number of value) w.double(number);
        w.ldelim();
      }
      return w.ldelim();
    }
    default:
      return w;
  }
}

export function readValue(r: Reader, end: number): FeatureValue {
  let value: FeatureValue;
  while (r.pos < end) {
    const tag = r.uint32();
    if (tag === 9) value = r.double();
    else if (tag === 16) value = r.bool();
    else if (tag === 26) value = recurringText(r);
    else if (tag === 34) value = readNumbers(r, endOf(r, end));
    else throw unknownField('Value', tag);
  }
  if (r.pos !== end) throw cutOff();
  return value;
}

function readNumbers(r: Reader, end: number): number[] {
  const numbers: number[] = [];
  while (r.pos < end) {
    const tag = r.uint32();
    if (tag === 9) numbers.push(r.double());
    else if (tag === 10) for (const stop = endOf(r, end); r.pos < stop; ) numbers.push(r.double());
    else throw unknownField('Embedding', tag);
  }
  if (r.pos !== end) throw cutOff();
  return numbers;
}

export function fitsFeedback(item: unknown): item is FeedbackValue {
  if (typeof item === 'string') return true;
  return isRecord(item) && typeof item.rating === 'number' && Object.keys(item).length === 1;
}

export function writeFeedback(value: FeedbackValue, w: Writer): Writer {
  if (value === undefined) return w;
  return typeof value === 'string' ? w.uint32(10).string(value) : w.uint32(17).double(value.rating);
}

export function readFeedback(r: Reader, end: number): FeedbackValue {
  let value: FeedbackValue;
  while (r.pos < end) {
    const tag = r.uint32();
    if (tag === 10) value = r.string();
    else if (tag === 17) value = { rating: r.double() };
    else throw unknownField('Feedback', tag);
  }
  if (r.pos !== end) throw cutOff();
  return value;
}

/** Whatever JSON has a text for, that reads as the same again as far as JSON goes. */
export function fitsJson(item: unknown): boolean {
  return item !== undefined && typeof item !== 'function' && typeof item !== 'symbol';
}

/** @throws TypeError where it has no text: a bigint, a circle */
export function writeJson(value: unknown, w: Writer): Writer {
  return w.uint32(10).string(JSON.stringify(value));
}

/** @throws SyntaxError where it is no JSON */
export function readJson(r: Reader, end: number): unknown {
  let text = '';
  while (r.pos < end) {
    const tag = r.uint32();
    if (tag === 10) text = r.string();
    else throw unknownField('Json', tag);
  }
  if (r.pos !== end) throw cutOff();
  return text === '' ? undefined : JSON.parse(text);
}
