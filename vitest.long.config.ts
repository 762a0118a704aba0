import { defineConfig } from 'vitest/config';

/** The suite that takes its time: hundreds of kills, simulations of coverage, logs of a million events. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    passWithNoTests: false,
  },
});
