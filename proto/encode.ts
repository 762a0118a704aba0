/** Encodes messages with one writer: its buffer has grown already. A new one for each would grow from 128 bytes up again, and be garbage. */
import protobuf from 'protobufjs/minimal.js';

/** A buffer that has grown beyond this for one large message is not kept, bytes. */
const KEPT = 65_536;

let idle: protobuf.Writer | undefined;

/** @returns bytes of their own, that nothing later changes */
export function encode<T>(message: T, write: (message: T, w: protobuf.Writer) => protobuf.Writer): Uint8Array {
  const writer = idle ?? protobuf.Writer.create();
  idle = undefined; // what is thrown in the middle of a message leaves its writer there
  const bytes = write(message, writer).finish();
  if (writer.len <= KEPT) idle = writer.reset();
  return bytes;
}
