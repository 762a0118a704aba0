/** Times as people write them, in commands and in what is asked over HTTP. */

const TIME = /^(\d{4}-\d\d(?:-\d\d)?)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * @param text ISO 8601, as 2026-03-01 or 2026-03-01T12:00:00Z; UTC where it names no zone: who asks and who answers may live in two
 * @returns milliseconds since 1970; undefined where it is no time
 */
export function timeAsked(text: string): number | undefined {
  const [, date, clock = '00:00', zone = 'Z'] = TIME.exec(text) ?? [];
  if (date === undefined || (text.length > 7 && date.length === 7)) return undefined;
  const [, sign = '', hours = '', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const day = Date.parse(`${date}T00:00Z`.replace(/^(\d{4}-\d\d)T/, '$1-01T'));
  // There are engines to which the 31st of February is a day of March.
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return undefined;
  const time = Date.parse(
    `${new Date(day).toISOString().slice(0, 10)}T${clock}${sign === '' ? 'Z' : `${sign}${hours}:${minutes}`}`,
  );
  return Number.isNaN(time) ? undefined : time;
}
