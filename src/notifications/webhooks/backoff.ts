/** Seconds from an attempt that failed to the next: after the last of them there is none. */
const WEBHOOK_PAUSES = [5, 30, 120, 600, 3600, 3 * 3600, 8 * 3600, 24 * 3600]
const LONGEST_PAUSE = 24 * 3600

/** How many attempts a delivery has before it is dead. */
export const ATTEMPTS = WEBHOOK_PAUSES.length + 1

/**
 * The pause after the given try, null when it was the last. A little apart, so that what failed together does not all
 * come back together; longer when the other side asks for it, but not longer than a day.
 */
export function pauseAfter(attempt: number, retryAfterSeconds: number | null = null): number | null {
  const pause = WEBHOOK_PAUSES[attempt - 1]
  if (pause === undefined) return null
  const apart = pause * (0.8 + Math.random() * 0.4)
  return Math.min(Math.max(apart, retryAfterSeconds ?? 0), LONGEST_PAUSE)
}
