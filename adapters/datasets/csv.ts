import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, type Info, parse } from 'csv-parse';
import { ReckonerError } from '../../events/errors.ts';

/** A record of a file: its cells without surrounding blanks, and where it is. */
export interface CsvRecord {
  readonly cells: readonly string[];
  /** The header is record 1, as a spreadsheet counts. */
  readonly number: number;
}

/**
 * Reads a .csv or .csv.gz (RFC 4180 quoting, UTF-8, with or without a byte order mark) record by record.
 * @throws ReckonerError request_invalid where it cannot be read, unpacked or parsed
 */
export async function* readCsv(path: string): AsyncGenerator<CsvRecord> {
  try {
    const zipped = await isGzip(path);
    const parser = parse({ bom: true, trim: true, skip_empty_lines: true, info: true });
    const source = createReadStream(path);
    // The parser is what is read from: it carries the error of whichever stage failed.
    const done = () => undefined;
    if (zipped) pipeline(source, createGunzip(), parser, done);
    else pipeline(source, parser, done);
    for await (const item of parser) {
      const { record, info } = item as { record: string[]; info: Info }; // what the parser yields with info: true
      yield { cells: record, number: info.records };
    }
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

async function isGzip(path: string): Promise<boolean> {
  if (path.endsWith('.gz')) return true;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function unreadable(path: string, thrown: unknown): unknown {
  if (thrown instanceof CsvError) {
    return new ReckonerError('request_invalid', `${path} is not a well-formed CSV: ${thrown.message}.`, {
      cause: thrown,
      remedy:
        'Correct the file: commas, one header line, quotes doubled inside quotes, the same number of cells in every row.',
    });
  }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new ReckonerError('request_invalid', `${path} is not a complete gzip file (${code}).`, {
      cause: thrown,
      remedy: 'Fetch the file again and compare its checksum, or unpack it and give the .csv.',
    });
  }
  if (['EACCES', 'EPERM', 'EISDIR', 'ENOENT', 'EIO'].includes(code)) {
    return new ReckonerError('request_invalid', `${path} cannot be read (${code}).`, {
      cause: thrown,
      remedy: 'Check that the file is there and that this user may read it.',
    });
  }
  return thrown;
}
