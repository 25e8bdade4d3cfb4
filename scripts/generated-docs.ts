import { renderExample, renderReference } from './config-docs.ts';
import { renderedUnits } from './systemd-units.ts';
import { renderHttpApi } from './http-api-docs.ts';

/** The files that are written from the code, by their path from package.json. */
export const generatedDocs: Readonly<Record<string, () => string | Promise<string>>> = {
  'config.example.yaml': renderExample,
  'docs/configuration.md': renderReference,
  ...renderedUnits,
  'docs/http-api.md': renderHttpApi,
};
