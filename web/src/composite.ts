// The composite index, exactly as rules/composite.py computes it: each single index is C/S rounded
// half-even (GB/T 8170) to two decimals, times its weight; the sum is exact. Integers throughout:
// a float sum of unrounded terms misses by up to 0.02 and breaks ties.

export interface Part {
  id: string;
  limit: string;
  weight: number;
}

/** A decimal as digits and how many of them stand after the point: "3.60" -> [360n, 2]. */
function digits(text: string): [bigint, number] {
  const [whole = "0", fraction = ""] = text.split(".");
  return [BigInt(whole + fraction), fraction.length];
}

/** num/den, both positive decimals, in hundredths, half-even. */
export function hundredths(num: string, den: string): number {
  const [top, topDecimals] = digits(num);
  const [bottom, bottomDecimals] = digits(den);
  const n = top * 10n ** BigInt(bottomDecimals) * 100n;
  const d = bottom * 10n ** BigInt(topDecimals);
  const whole = n / d;
  const twice = (n % d) * 2n;
  const up = twice > d || (twice === d && whole % 2n === 1n);
  return Number(up ? whole + 1n : whole);
}

/** The composite in hundredths; null when a concentration is missing. */
export function composite(values: Record<string, string>, parts: Part[]): number | null {
  let sum = 0;
  for (const part of parts) {
    const value = values[part.id];
    if (!value) return null;
    sum += hundredths(value, part.limit) * part.weight;
  }
  return Math.round(sum);
}

/** Competition ranking: equal values share a rank, the next rank skips. */
export function rank(own: number, others: number[]): number {
  return 1 + others.filter((other) => other < own).length;
}
