/** How each domain was configured and governed, from its beginning. */
import { CONFIG_HISTORY, DOMAIN_CHANGES } from './config-tables.ts';

export const configHistory = {
  name: 'config-history',
  version: 1,
  about: 'How each domain was configured, what each configuration changed, and what else was done to it.',
  tables: [CONFIG_HISTORY, DOMAIN_CHANGES],
};
