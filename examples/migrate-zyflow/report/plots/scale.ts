/** Where a value stands on an axis, in units of the picture. */
export interface Scale {
  at(value: number): number;
  /** Round values to write beside the axis. */
  readonly ticks: readonly number[];
}

export function linearScale(max: number, range: readonly [number, number], ticks = 4): Scale {
  const step = roundStep((max || 1) / ticks);
  const top = Math.ceil((max || 1) / step) * step;
  const count = Math.round(top / step);
  return {
    at: (value) => range[0] + (value / top) * (range[1] - range[0]),
    ticks: Array.from({ length: count + 1 }, (_, n) => Number((n * step).toPrecision(12))),
  };
}

/** By powers of ten; values below `min` stand at its place. */
export function logScale(min: number, max: number, range: readonly [number, number]): Scale {
  const [low, high] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(Math.max(max, min * 10)))];
  return {
    at: (value) => range[0] + ((Math.max(Math.log10(value), low) - low) / (high - low)) * (range[1] - range[0]),
    ticks: Array.from({ length: high - low + 1 }, (_, n) => Number((10 ** (low + n)).toPrecision(12))),
  };
}

/** 1, 2 or 5 times a power of ten, at least `raw`. */
function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * (raw <= power ? 1 : raw <= 2 * power ? 2 : raw <= 5 * power ? 5 : 10);
}
