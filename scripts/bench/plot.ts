/** One line of a plot. */
export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
}

const width = 640;
const height = 360;
const margin = { left: 64, right: 150, top: 36, bottom: 44 };
const colours = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#8c564b', '#17becf', '#7f7f7f'];

/** Lines over the size of the cloud, both axes logarithmic: what grows in proportion is a straight line of slope 1. */
export function plot(title: string, unit: string, lines: readonly Line[]): string {
  const all = lines.flatMap(({ points }) => points).filter(([, y]) => y > 0);
  const x = axis(
    all.map(([at]) => at),
    margin.left,
    width - margin.right,
  );
  const y = axis(
    all.map(([, at]) => at),
    height - margin.bottom,
    margin.top,
  );
  const parts = [
    text(margin.left, 20, title, 'font-weight="bold"'),
    text(width - margin.right, height - 8, 'servers', 'text-anchor="end"'),
    text(8, margin.top - 8, unit),
    ...x.ticks.map((at) => mark(x.place(at), margin.top, x.place(at), height - margin.bottom)),
    ...x.ticks.map((at) => text(x.place(at), height - margin.bottom + 18, short(at), 'text-anchor="middle"')),
    ...y.ticks.map((at) => mark(margin.left, y.place(at), width - margin.right, y.place(at))),
    ...y.ticks.map((at) => text(margin.left - 6, y.place(at) + 4, short(at), 'text-anchor="end"')),
    ...lines.flatMap((line, index) => drawn(line, index, x, y)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="white"/>
${parts.join('\n')}
</svg>
`;
}

interface Axis {
  readonly ticks: readonly number[];
  readonly place: (value: number) => number;
}

/** From the power of ten below the least to the one above the most. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at)),
    place: (value) => round(from + ((Math.log10(value) - low) / (high - low)) * (to - from)),
  };
}

function drawn({ label, points }: Line, index: number, x: Axis, y: Axis): string[] {
  const colour = colours[index % colours.length];
  const places = points
    .filter(([, at]) => at > 0)
    .map(([at, value]) => [x.place(at), y.place(value)] as const);
  const path = places.map((place) => place.join(',')).join(' ');
  const legend = margin.top + 16 * index;
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`),
    text(width - margin.right + 10, legend + 4, label, `fill="${colour}"`),
  ];
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${x}" y="${y}"${more && ` ${more}`}>${content}</text>`;
}

function mark(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#ddd"/>`;
}

function short(value: number): string {
  return value >= 1 ? value.toLocaleString('en') : String(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
