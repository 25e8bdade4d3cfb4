import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { timeOfDay } from '../shared/now.ts';
import 'uplot/dist/uPlot.min.css';

interface Point {
  /** ISO. */
  readonly at: string;
  readonly value: number;
}

const height = 130;
/** What the lines across may be apart: what is shown is counted. */
const wholes = [1, 10, 100, 1_000, 10_000, 100_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);
/** One point makes no line: it stands at the end of so much time, s. */
const leastSpanS = 60;

/** A line through time. What it shows is said in words too: nobody has to read it off. */
export function Plot({ title, points }: { title: string; points: readonly Point[] }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data: uPlot.AlignedData = [
    points.map(({ at }) => Date.parse(at) / 1_000),
    points.map(({ value }) => value),
  ];
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element), latest.current, element);
    };
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const observer = new ResizeObserver(() => {
      if (plot.current && element.clientWidth > 0)
        plot.current.setSize({ width: element.clientWidth, height });
    });
    draw();
    observer.observe(element);
    scheme.addEventListener('change', draw);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', draw);
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(latest.current), [points.length, points.at(-1)?.at]);

  const values = points.map(({ value }) => value);
  const range = values.length > 0 ? `${Math.min(...values)} to ${Math.max(...values)}` : 'nothing yet';
  return (
    <figure>
      <figcaption>
        {title} <b>{values.length > 0 ? values.at(-1) : '–'}</b>
      </figcaption>
      <div ref={box} role="img" aria-label={`${title}: ${range}, ${points.length} points`} />
    </figure>
  );
}

/** Colours are those of the theme as it is now: a canvas knows no variables. */
function options(element: HTMLElement): uPlot.Options {
  const colour = (name: string) => {
    element.style.color = `var(${name})`;
    const found = getComputedStyle(element).color;
    element.style.color = '';
    return found;
  };
  const axis: uPlot.Axis = {
    stroke: colour('--soft'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    // The last label of the axis is centred on its mark: half of it needs room.
    padding: [null, 32, null, null],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: {
        // By the points themselves: of a single one uPlot would make a day.
        range: ({ data: [at] }) => {
          const last = at.at(-1);
          return last === undefined ? [null, null] : [Math.min(at[0] ?? last, last - leastSpanS), last];
        },
      },
      y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, high * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
        values: (_, at) => at.map((seconds) => timeOfDay(seconds * 1_000)),
      },
      { ...axis, size: 46, incrs: wholes },
    ],
    series: [{}, { stroke: colour('--accent'), width: 2, points: { size: 4 } }],
  };
}
