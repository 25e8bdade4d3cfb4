import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { root } from './command.ts';
import { imageManifests } from './image-manifests.ts';
import { digestsIn, isPinned, provenance } from './provenance.ts';

const commit = 'c0ffee'.padEnd(40, '0');
const build = {
  commit,
  isModified: false,
  runUrl: undefined,
  npm: '11.0.0',
  startedOn: '2026-11-29T10:00:00Z',
  finishedOn: '2026-11-29T10:05:00Z',
};
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const base = `registry.example/node:24-slim@sha256:${'ab'.repeat(32)}`;

test('the provenance of a release names each of its files, the commit, the lock file and the bases of the images by digest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'release-'));
  writeFileSync(join(folder, 'a.tgz'), 'a package');
  writeFileSync(join(folder, 'notes.md'), '');

  const { _type, subject, predicateType, predicate } = provenance(
    digestsIn(folder),
    imageManifests(commit, base),
    build,
  );

  expect([_type, predicateType]).toEqual([
    'https://in-toto.io/Statement/v1',
    'https://slsa.dev/provenance/v1',
  ]);
  expect(subject).toEqual([
    { name: 'a.tgz', digest: { sha256: sha256('a package') } },
    { name: 'notes.md', digest: { sha256: sha256('') } },
  ]);
  expect(predicate.buildDefinition.externalParameters.version).toBe(manifest.version);
  expect(predicate.buildDefinition.resolvedDependencies).toEqual([
    { name: 'source', digest: { gitCommit: commit } },
    {
      name: 'package-lock.json',
      digest: { sha256: sha256(readFileSync(join(root, 'package-lock.json'))) },
    },
    {
      name: 'base image',
      uri: 'oci://registry.example/node:24-slim',
      digest: { sha256: 'ab'.repeat(32) },
    },
  ]);
});

test('of every image the arguments that its Dockerfile takes are named, with what they are by default', () => {
  const images = imageManifests(commit, base);

  const { internalParameters } = provenance(new Map(), images, build).predicate.buildDefinition;

  expect(internalParameters.images).toHaveLength(images.length);
  for (const { dockerfile, buildArguments } of internalParameters.images) {
    const declared = readFileSync(join(root, dockerfile), 'utf8').matchAll(/^ARG (\w+)/gm);
    expect(Object.keys(buildArguments)).toEqual([...declared].map(([, name]) => name));
    expect(buildArguments).toMatchObject({ NODE_IMAGE: base, NPM_CONFIG_REGISTRY: null });
  }
});

test('a base without a digest, and changes that are in no commit, are not passed over', () => {
  const images = imageManifests(commit);

  const { resolvedDependencies } = provenance(new Map(), images, { ...build, isModified: true }).predicate
    .buildDefinition;

  expect(images.map(isPinned)).not.toContain(true);
  expect(imageManifests(commit, base).map(isPinned)).not.toContain(false);
  expect(resolvedDependencies).toMatchObject([
    { name: 'source', annotations: { isModified: true } },
    { name: 'package-lock.json' },
    { name: 'base image', annotations: { isPinned: false } },
  ]);
  expect(resolvedDependencies[2]).not.toHaveProperty('digest');
});

test.each([
  ['in a workflow', 'https://ci.example/runs/7', 'https://ci.example/runs/7'],
  ['by hand', undefined, `urn:concertim-openstack-service:local-build:${commit}`],
])('who built it %s is the id of the builder', (_, runUrl, id) => {
  const { builder, metadata } = provenance(new Map(), [], { ...build, runUrl }).predicate.runDetails;

  expect(builder).toEqual({ id, version: { node: process.versions.node, npm: '11.0.0' } });
  expect(metadata).toMatchObject({ startedOn: build.startedOn, finishedOn: build.finishedOn });
  expect(metadata.invocationId).toContain(id);
});
