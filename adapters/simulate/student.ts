/**
 * The 0.975 quantile of Student's t distribution: half the width of a 95 % interval, in standard errors.
 * @param freedom whole degrees of freedom, >= 1
 */
export function studentT975(freedom: number): number {
  let low = 0;
  let high = 13; // t(0.975) is largest, 12.706, at one degree of freedom
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (centralProbability(middle, freedom) < 0.95) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(|T| < t), the finite series for whole degrees of freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4). */
function centralProbability(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const sine = Math.sin(angle);
  const cosine = Math.cos(angle);
  const odd = freedom % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
