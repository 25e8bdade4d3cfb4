/**
 * Figures of instances as data: what is measured, by which formula, and what is not known and why.
 *
 * @packageDocumentation
 */
export { type Definition, definitions } from './definitions.ts';
export {
  type Figure,
  type FigureSettings,
  figuresOf,
  type MeasuredResource,
  type Series,
  type Size,
  type Unknown,
} from './figures.ts';
export type { MeasuredInstance } from './measure-instance.ts';
export type { ReadFailure } from './measure-reader.ts';
export { type InstanceFigures, type ReadFiguresOptions, readFigures } from './read-figures.ts';
