/** A real node on a data directory behind a real door, and its read models: folded when a test says so. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createFolding } from '../../../actors/bucket/bucket-folding.ts';
import { openNode, type ReckonerNode } from '../../../adapters/cli/compose.ts';
import { READ_MODELS_FILE } from '../../../adapters/projector/file.ts';
import { createPolicy } from '../../../policies/catalogue.ts';
import { agentCalls } from '../../../projections/agent-calls.ts';
import { configHistory } from '../../../projections/config-history.ts';
import { outcomes } from '../../../projections/outcomes.ts';
import { posteriors } from '../../../projections/posteriors.ts';
import { type Projected, project } from '../../projections/project.ts';
import { temporaryDirectory } from '../sqlite/temporary.ts';
import { type DoorSettings, openDoorOn, type TestDoor } from './open-door.ts';

export interface AnalyticsStage {
  readonly node: ReckonerNode;
  readonly door: TestDoor;
  /** Folds what the log has got since. */
  fold(): Promise<void>;
  /** A page of analytics; throws where it is no 200. */
  ask(name: string, query?: Record<string, string | number>): Promise<AnalyticsPage>;
}

export interface AnalyticsPage {
  readonly asOf: { readonly position: string; readonly time: string | null; readonly behind: number };
  // biome-ignore lint/suspicious/noExplicitAny: members of any of the tables
  readonly items: any[];
  readonly nextCursor: string | null;
}

/** Made within a test, and taken down after it. */
export async function analyticsStage(settings: DoorSettings = {}): Promise<AnalyticsStage> {
  const dataDir = temporaryDirectory();
  const node = await openNode({ dataDir, seed: 7 });
  const door = await openDoorOn(node.reckoner, { ...settings, analytics: node.analytics });
  let projected: Projected | undefined;
  onTestFinished(async () => {
    projected?.close();
    await door.close();
    await node.close();
  });
  const { log } = node;
  const fold = async () => {
    if (projected !== undefined) return projected.goOn();
    const folding = createFolding({ log, makePolicy: createPolicy });
    const all = [posteriors(folding), outcomes, configHistory, agentCalls];
    projected = await project(all, log, { file: join(dataDir, READ_MODELS_FILE) });
  };
  return {
    node,
    door,
    fold,
    async ask(name, query = {}) {
      const search = new URLSearchParams();
      for (const [key, value] of Object.entries(query)) search.set(key, String(value));
      const { status, json, text } = await door.call('GET', `/v1/analytics/${name}?${search}`);
      if (status !== 200) throw new Error(`${status} ${text}`);
      return json;
    },
  };
}
