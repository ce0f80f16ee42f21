/** A number as people read it: three digits that count, thousands apart. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size < 1) return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

export function formatQuantity(value: number | null, unit: string): string {
  if (value === null || Number.isNaN(value)) return 'not measured';
  return `${formatNumber(value)} ${unit}`.trimEnd();
}

export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
