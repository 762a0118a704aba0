/** What may be called how. */
import { z } from 'zod';

export const DomainName = z
  .string()
  .regex(/^[a-z0-9_]{1,24}$/, 'a domain name is 1 to 24 of a-z, 0-9 and _')
  .describe('1 to 24 of a-z, 0-9 and _');

export const ArmName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}$/,
    'an arm name is 1 to 64 of letters, digits and ._:/@-, beginning with a letter or digit',
  )
  .describe('1 to 64 of letters, digits and ._:/@-, beginning with a letter or digit');

export const FeatureName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'a feature name is 1 to 64 of letters, digits and _, beginning with no digit')
  .describe('1 to 64 of letters, digits and _, beginning with no digit');

/** A hyphen would let one tenant's streams be taken for another's: it is what parts the names of a stream. */
export const tenantPattern = /^[a-z0-9_]{1,24}$/;

export const TenantName = z
  .string()
  .regex(tenantPattern, 'a tenant name is 1 to 24 of a-z, 0-9 and _')
  .describe('1 to 24 of a-z, 0-9 and _');

export const CapabilityName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/, 'a capability is 1 to 64 of letters, digits and ._:/-')
  .describe('1 to 64 of letters, digits and ._:/-, beginning with a letter or digit');
