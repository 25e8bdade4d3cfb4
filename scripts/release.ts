/**
 * `npm run release [-- --tag] [--node-image IMAGE@sha256:…]`: what a release consists of, into release/: the package, its bill of
 * materials (CycloneDX), the chart, what each image is built from, the notes, the provenance of these (in-toto), and the sums of
 * them all. Known vulnerabilities in its dependencies stop it; where the registry serves no advisories, its last line says so. With `--tag`
 * the commit gets the tag of the version; `--node-image` is what the images begin with.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { weaknessesOf } from './advisories.ts';
import { type Bill, billOfMaterials } from './bill-of-materials.ts';
import { pages } from './build-pages.ts';
import { releaseNotes } from './changelog.ts';
import { root, run } from './command.ts';
import { imageManifests } from './image-manifests.ts';
import { lockedPackages } from './licences.ts';
import { digestsIn, isPinned, provenance } from './provenance.ts';

const folder = join(root, 'release');

/** @throws with all that it printed */
async function must(command: string, ...args: string[]): Promise<string> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${output}`);
  return output;
}

/** The JSON in what npm prints, before which it may warn. */
function jsonIn(output: string): Record<string, unknown> {
  return JSON.parse(output.slice(output.indexOf('{'))) as Record<string, unknown>;
}

/** What the bundler took into the command and the pages, as the package has just been built. */
function licenceLists(): string[] {
  const names = ['dist/command/licences.md', ...pages.map((page) => `dist/pages/${page}/licences.md`)];
  return names.map((name) => readFileSync(join(root, name), 'utf8'));
}

/** @returns what is to be said in the end. @throws when there are known weaknesses */
async function audit(): Promise<string> {
  const { code, output } = await run('npm', ['audit', '--json', '--loglevel=silent']);
  const report = jsonIn(output);
  if (!('vulnerabilities' in report)) {
    const weaknesses = weaknessesOf(lockedPackages());
    if (weaknesses.length > 0) throw new Error(`known weaknesses:\n${weaknesses.join('\n')}`);
    const why = typeof report['message'] === 'string' ? report['message'] : output;
    return `NOT AUDITED: the registry answers no audits (${why}).\nNo advisory in scripts/advisories.json is about a locked version. Before this is published, run "npm audit" where npm's registry is one that does.`;
  }
  if (code !== 0) throw new Error(`npm audit found weaknesses:\n${output}`);
  return 'audited: no known weakness';
}

/** Where a workflow of GitHub makes the release, the address of its run. */
function workflowRun(): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = process.env;
  return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined;
}

const notPinned =
  'NOT PINNED: the images begin with what a name stands for when they are built. To name it by its digest: --node-image IMAGE@sha256:…, and the same as NODE_IMAGE of each build.';
const notes = releaseNotes();
const chartText = readFileSync(join(root, 'deploy/helm/concertim-openstack-service/Chart.yaml'), 'utf8');
for (const key of ['version', 'appVersion']) {
  if (!chartText.split('\n').includes(`${key}: ${manifest.version}`))
    throw new Error(
      `${key} in the chart's Chart.yaml is not ${manifest.version}, the version in package.json.`,
    );
}
const tag = `v${manifest.version}`;
const startedOn = new Date().toISOString();
const { tag: isTagging = false, 'node-image': nodeImage } = parseArgs({
  options: { tag: { type: 'boolean' }, 'node-image': { type: 'string' } },
}).values;
const commit = (await must('git', 'rev-parse', 'HEAD')).trim();
const changed = (await must('git', 'status', '--porcelain')).trim();
if (isTagging) {
  if (changed) throw new Error(`What is tagged must be committed. Changed:\n${changed}`);
  const { output } = await run('git', ['tag', '--list', tag]);
  if (output.trim()) throw new Error(`There is a tag ${tag} already: give package.json the next version.`);
}
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const audited = await audit();
await must('npm', 'pack', '--loglevel=silent', '--pack-destination', folder);
const everything = await must('npm', 'sbom', '--sbom-format', 'cyclonedx', '--loglevel=silent');
const bill = billOfMaterials(jsonIn(everything) as unknown as Bill, licenceLists());
writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(bill, null, 2)}\n`);
const chart = `concertim-openstack-service-chart-${manifest.version}.tgz`;
const chartFolder = join(root, 'deploy/helm');
await must('tar', '-chzf', join(folder, chart), '-C', chartFolder, 'concertim-openstack-service');
const images = imageManifests(commit, nodeImage);
writeFileSync(join(folder, 'images.json'), `${JSON.stringify(images, null, 2)}\n`);
writeFileSync(join(folder, 'notes.md'), notes);
const statement = provenance(digestsIn(folder), images, {
  commit,
  isModified: changed !== '',
  runUrl: workflowRun(),
  npm: (await must('npm', '--version', '--loglevel=silent')).trim(),
  startedOn,
  finishedOn: new Date().toISOString(),
});
writeFileSync(join(folder, 'provenance.intoto.json'), `${JSON.stringify(statement, null, 2)}\n`);
const sums = [...digestsIn(folder)].map(([name, digest]) => `${digest}  ${name}\n`);
writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
console.log(readdirSync(folder).join('\n'));
console.log(audited);
if (!images.every(isPinned)) console.log(notPinned);
if (changed) console.log('NOT FROM A COMMIT: there are changes that are in none; the provenance says so.');
if (isTagging) {
  await must('git', 'tag', '--annotate', tag, '--message', `Release ${manifest.version}`);
  console.log(`tagged ${commit.slice(0, 12)} as ${tag}; publish it: git push origin ${tag}`);
}
