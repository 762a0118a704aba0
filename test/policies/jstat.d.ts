/** The part of jstat that the tests compare with; the package has no types. */
declare module 'jstat' {
  const jstat: {
    betaln(alpha: number, beta: number): number;
    readonly beta: {
      cdf(x: number, alpha: number, beta: number): number;
      pdf(x: number, alpha: number, beta: number): number;
    };
  };
  export default jstat;
}
