/** A series' value in a scrape of our own metrics; undefined where it is not among them. */
export function figureIn(scrape: string, series: string): number | undefined {
  const begin = `concertim_openstack_${series} `;
  const line = scrape.split('\n').find((line) => line.startsWith(begin));
  return line === undefined ? undefined : Number(line.slice(begin.length).split(' ')[0]);
}
