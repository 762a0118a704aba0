import { expect, test } from 'vitest';
import {
  agentStream,
  bucketOfStream,
  bucketPrefix,
  createOwners,
  domainStream,
  ownerOf,
} from '../../events/streams.ts';

test('a stream tells whose it is', () => {
  expect(ownerOf(domainStream('default', 'support'))).toEqual({ tenant: 'default', domain: 'support', bucket: '' });
  const bucket = `${bucketPrefix('default', 'support')}abcdefgh234567ab`;
  expect(ownerOf(bucket)).toEqual({ tenant: 'default', domain: 'support', bucket: 'abcdefgh234567ab' });
  expect(bucketOfStream(bucket)).toEqual({ tenant: 'default', name: 'support', bucketId: 'abcdefgh234567ab' });
});

test.each([agentStream('small', 'node'), 'bucket-default-support', 'bucket-a-b-c-d', 'domain--support', 'domain', ''])(
  'a stream that no domain has has no owner: %s',
  (stream) => {
    expect(ownerOf(stream)).toBeUndefined();
    expect(bucketOfStream(stream)).toBeUndefined();
  },
);

test('who is remembered is the same as who is read', () => {
  const owners = createOwners(2);
  const streams = ['domain-a-b', 'bucket-a-b-c', 'agent-a-b', 'domain-c-d', 'domain-a-b'];
  expect(streams.map(owners)).toEqual(streams.map(ownerOf));
});
