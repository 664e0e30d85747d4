/** How long to wait after a failure: twice as long after each further one, up to a limit. */
export function pauseAfter(
  failures: number,
  { firstMillis, longestMillis }: { readonly firstMillis: number; readonly longestMillis: number },
): number {
  return Math.min(longestMillis, firstMillis * 2 ** Math.min(failures - 1, 30))
}
