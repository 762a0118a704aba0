/** The 8-point Gauss-Legendre rule on [-1, 1], and the matrix that integrates its interpolant from a node upwards. */

/** Number of nodes of a panel. */
export const NODE_COUNT = 8;

const HALF_NODES = [0.1834346424956498, 0.525532409916329, 0.7966664774136267, 0.9602898564975363];
const HALF_WEIGHTS = [0.362683783378362, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763];

/** Nodes, ascending. Abramowitz & Stegun (1964), table 25.4. Length 8. */
export const NODES = Float64Array.from([...HALF_NODES.toReversed().map((x) => -x), ...HALF_NODES]);

/** Weights of the nodes; they sum to 2. Length 8. */
export const WEIGHTS = Float64Array.from([...HALF_WEIGHTS.toReversed(), ...HALF_WEIGHTS]);

/**
 * `FROM_NODE_TO_TOP[8 * i + k]`: the integral of the k-th Lagrange polynomial from node i to 1, so that
 * sum_k FROM_NODE_TO_TOP[8 i + k] f(node k) is the integral of f above node i. Spectral integration: with
 * l_k(t) = w_k sum_m (2m + 1) / 2 P_m(x_k) P_m(t) and the antiderivative of P_m being (P_{m+1} - P_{m-1}) / (2m + 1).
 */
export const FROM_NODE_TO_TOP = integrationMatrix();

function integrationMatrix(): Float64Array {
  const matrix = new Float64Array(NODE_COUNT * NODE_COUNT);
  for (let i = 0; i < NODE_COUNT; i++) {
    const at = legendre(NODES[i]!);
    for (let k = 0; k < NODE_COUNT; k++) {
      const basis = legendre(NODES[k]!);
      let sum = 0.5 * (1 - NODES[i]!);
      for (let m = 1; m < NODE_COUNT; m++) sum += 0.5 * basis[m]! * (at[m - 1]! - at[m + 1]!);
      matrix[NODE_COUNT * i + k] = WEIGHTS[k]! * sum;
    }
  }
  return matrix;
}

/** P_0(x) .. P_8(x) by Bonnet's recursion. */
function legendre(x: number): number[] {
  const values = [1, x];
  for (let m = 1; m < NODE_COUNT; m++) values.push(((2 * m + 1) * x * values[m]! - m * values[m - 1]!) / (m + 1));
  return values;
}
