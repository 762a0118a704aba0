/** Densities and distribution functions of the arms at the 8 nodes of one panel. */

import type { Interval, PanelArm, Place } from './beta-panels.ts';
import { FROM_NODE_TO_TOP, NODE_COUNT, NODES, WEIGHTS } from './gauss-legendre.ts';
import { coordinateRatio } from './panel-width.ts';

/** The result, NODE_COUNT numbers an arm: density in u, and P(score < node). Memory is reused, and grown when more arms come. */
export let densities = new Float64Array(0);
export let below = new Float64Array(0);
const jY = new Float64Array(NODE_COUNT);
const jRest = new Float64Array(NODE_COUNT);
const logY = new Float64Array(NODE_COUNT);
const logRest = new Float64Array(NODE_COUNT);
const zs = new Float64Array(NODE_COUNT);
const complements = new Float64Array(NODE_COUNT);
const logZ = new Float64Array(NODE_COUNT);
const logComplement = new Float64Array(NODE_COUNT);
const ratio = new Float64Array(NODE_COUNT);

/** Makes room for `count` arms. */
export function roomForPanels(count: number): void {
  if (densities.length >= count * NODE_COUNT) return;
  densities = new Float64Array(count * NODE_COUNT);
  below = new Float64Array(count * NODE_COUNT);
}

/** Densities and distribution functions of all arms at the nodes of [bottom, u]; moves `above` to the bottom of it. */
export function evaluatePanel(
  arms: readonly PanelArm[],
  places: readonly Place[],
  interval: Interval,
  u: number,
  bottom: number,
): void {
  const { width } = interval;
  const half = 0.5 * (u - bottom);
  const logWidth = Math.log(width);
  for (let i = 0; i < NODE_COUNT; i++) {
    const at = u - half * (1 - NODES[i]!);
    const e = Math.exp(-Math.abs(at));
    const log = logWidth - Math.log1p(e);
    const small = e / (1 + e);
    jY[i] = at < 0 ? small : 1 - small;
    jRest[i] = at < 0 ? 1 - small : small;
    logY[i] = at < 0 ? at + log : log;
    logRest[i] = at < 0 ? log : log - at;
  }
  let current: Place | undefined;
  for (let k = 0; k < arms.length; k++) {
    const arm = arms[k]!;
    const row = k * NODE_COUNT;
    if (arm.to <= bottom || arm.from >= u) {
      const f = 1 - arm.above;
      for (let i = 0; i < NODE_COUNT; i++) {
        densities[row + i] = 0;
        below[row + i] = f;
      }
      continue;
    }
    const where = places[k]!;
    if (where !== current) {
      current = where;
      placeNodes(where, width);
    }
    for (let i = 0; i < NODE_COUNT; i++) {
      densities[row + i] =
        ratio[i]! *
        Math.exp(arm.large ? preciseLog(arm, i) : arm.scale + arm.alpha * logZ[i]! + arm.beta * logComplement[i]!);
    }
    for (let i = 0; i < NODE_COUNT; i++) {
      let part = 0;
      for (let n = 0; n < NODE_COUNT; n++) part += FROM_NODE_TO_TOP[i * NODE_COUNT + n]! * densities[row + n]!;
      below[row + i] = 1 - arm.above - half * part;
    }
    let mass = 0;
    for (let i = 0; i < NODE_COUNT; i++) mass += WEIGHTS[i]! * densities[row + i]!;
    arm.above += half * mass;
  }
}

/** z, its logarithms and dv / du at the nodes, for the arms of one shift. Nodes outside the support get density 0. */
function placeNodes(where: Place, width: number): void {
  const { fromStart, fromEnd } = where;
  for (let i = 0; i < NODE_COUNT; i++) {
    const z = fromStart + width * jY[i]!;
    const complement = fromEnd + width * jRest[i]!;
    const inside = z >= 0 && complement >= 0;
    zs[i] = z;
    complements[i] = complement;
    logZ[i] = !inside ? 0 : fromStart === 0 ? logY[i]! : Math.log(z);
    logComplement[i] = !inside ? 0 : fromEnd === 0 ? logRest[i]! : Math.log(complement);
    ratio[i] = inside ? coordinateRatio(fromStart, fromEnd, width, jY[i]!, jRest[i]!, z, complement) : 0;
  }
}

/** log g measured from the peak: alpha log z alone would lose as many digits as alpha has. */
function preciseLog(arm: PanelArm, i: number): number {
  if (ratio[i] === 0) return 0;
  const step = zs[i]! < 0.5 ? zs[i]! - arm.mean : arm.complement - complements[i]!;
  const up = step / arm.mean;
  const down = -step / arm.complement;
  return (
    arm.peak +
    arm.alpha * (up > -0.5 ? Math.log1p(up) : logZ[i]! - Math.log(arm.mean)) +
    arm.beta * (down > -0.5 ? Math.log1p(down) : logComplement[i]! - Math.log(arm.complement))
  );
}
