/** How wide an 8-node panel may be: the one place where accuracy is traded for speed. */

import type { Interval, PanelArm, Place } from './beta-panels.ts';

/**
 * In these units of its own scale a function keeps its 8-node error below about 1e-10 of its peak: standard deviations
 * of a bell, e-folds of an exponential, log-odds near the poles of the map at +-i pi, log-distance from a singular end
 * that the map does not reach. Set by measurement against adaptive quadrature, not by proof.
 */
const BELL = 1 / (2.0 * 2.0);
const SLOPE = 1 / (5.4 * 5.4);
const MAP = 1 / 2.8;
const END = 1 / 1.2;
const POWER = 1 / 5.4;

/**
 * The widest panel, in u, that is sound near `u` for all arms with some of their range in (bottom, top).
 *
 * The error of 8 nodes grows with the 16th power of the width and is proportional to the height of the function, so
 * where an arm's density has fallen to e^-D of its peak its panels may be e^(D / 16) times as wide (here the first
 * terms of that series). Arms are combined by a 4-norm: a product of K bells is narrower than one of them, but far from K times.
 */
export function panelWidth(
  arms: readonly PanelArm[],
  places: readonly Place[],
  interval: Interval,
  u: number,
  bottom: number,
  top: number,
): number {
  const { width } = interval;
  const logWidth = Math.log(width);
  const e = Math.exp(-Math.abs(u));
  const small = e / (1 + e);
  const log = -Math.log1p(e);
  const y = u < 0 ? small : 1 - small;
  const rest = u < 0 ? 1 - small : small;
  const logY = logWidth + (u < 0 ? u + log : log);
  const logRest = logWidth + (u < 0 ? log : log - u);
  const far = Math.max(0, Math.abs(u) - 3) / 16;
  const map = MAP / (1 + far * (1 + 0.5 * far));
  let sum = map * map * map * map;
  let power = 0;
  for (let k = 0; k < arms.length; k++) {
    const arm = arms[k]!;
    if (arm.to <= bottom || arm.from >= top) continue;
    const { fromStart, fromEnd } = places[k]!;
    const z = fromStart + width * y;
    const complement = fromEnd + width * rest;
    // Beyond the support of an arm that the panel has met: no polynomial follows it there.
    if (z < 0 || complement < 0) return 0;
    const logZ = fromStart === 0 ? logY : Math.log(z);
    const logComplement = fromEnd === 0 ? logRest : Math.log(complement);
    const slope = arm.alpha * complement - arm.beta * z;
    const fall = arm.peak - arm.scale - arm.alpha * logZ - arm.beta * logComplement;
    const low = fall < 0 ? 0 : fall > 30 ? 1.875 : 0.0625 * fall;
    const relax = 1 + low * (1 + 0.5 * low);
    const stretch = coordinateRatio(fromStart, fromEnd, width, y, rest, z, complement);
    const end = END * ((fromStart === 0 ? 0 : complement) + (fromEnd === 0 ? 0 : z));
    const bell = (arm.alpha + arm.beta) * z * complement;
    const inverse = (BELL * bell + SLOPE * slope * slope + end * end) * (stretch / relax) * (stretch / relax);
    sum += inverse * inverse;
    // Below its peak a shape under 1 leaves a power law in F, and the exponents of a product add up.
    if (arm.alpha < 1 && slope > 0) power += POWER * slope * stretch;
  }
  return 1 / Math.max(Math.sqrt(Math.sqrt(sum)), power);
}

/** The same for one arm alone, wherever its range is. */
export function armWidth(arm: PanelArm, where: Place, interval: Interval, u: number): number {
  return panelWidth([arm], [where], interval, u, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}

/** dv / du: how fast an arm's own log-odds move with those of the interval. Never 0 / 0 where the two share an end. */
export function coordinateRatio(
  fromStart: number,
  fromEnd: number,
  width: number,
  y: number,
  rest: number,
  z: number,
  complement: number,
): number {
  if (fromStart === 0) return fromEnd === 0 ? 1 : rest / complement;
  return fromEnd === 0 ? y / z : (width * y * rest) / (z * complement);
}
