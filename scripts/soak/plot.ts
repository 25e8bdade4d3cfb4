import type { Series } from './trend.ts';

const width = 760;
const panelHeight = 120;
const margin = { left: 60, right: 180, top: 24, bottom: 22 };
const colours = ['#1b6ca8', '#c0392b', '#2e8b57', '#8e6bb0', '#b8860b'];

/** Series that are plotted over each other. */
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

/** An SVG: a panel a quantity, time from left to right, everything from 0 up. */
export function plot(panels: readonly Panel[], minutes: number): string {
  const height = panels.length * (panelHeight + margin.top + margin.bottom);
  const drawn = panels.map((panel, at) => {
    const top = at * (panelHeight + margin.top + margin.bottom) + margin.top;
    return `<g transform="translate(${margin.left},${top})">${drawPanel(panel, minutes)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, series }: Panel, minutes: number): string {
  const inner = width - margin.left - margin.right;
  const highest = Math.max(1, ...series.flatMap(({ values }) => values)) * 1.1;
  const unit = series[0]?.unit ?? '';
  const lines = series.map(({ name, values }, at) => {
    const colour = colours[at % colours.length] ?? '#000';
    const points = values.map((value, index) => {
      const x = (index / Math.max(1, values.length - 1)) * inner;
      return `${x.toFixed(1)},${(panelHeight * (1 - value / highest)).toFixed(1)}`;
    });
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>`,
      `<text x="${inner + 10}" y="${12 + at * 15}" fill="${colour}">${name}</text>`,
    ].join('');
  });
  return [
    `<text x="0" y="-8" font-weight="bold">${title}</text>`,
    `<path d="M0 0V${panelHeight}H${inner}" fill="none" stroke="#999"/>`,
    `<text x="-6" y="8" text-anchor="end">${Math.round(highest)} ${unit}</text>`,
    `<text x="-6" y="${panelHeight}" text-anchor="end">0</text>`,
    `<text x="${inner}" y="${panelHeight + 14}" text-anchor="end">${minutes} min</text>`,
    ...lines,
  ].join('');
}
