/** `reward_mean` as `rewardMean`: columns are named as SQL has it, members as JSON has it. */
export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
