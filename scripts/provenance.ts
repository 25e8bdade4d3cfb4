import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { root } from './command.ts';
import type { ImageManifest } from './image-manifests.ts';

/** A thing by its digest, as in-toto names things (https://github.com/in-toto/attestation, resource descriptor v1). */
interface Resource {
  readonly name: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/** How the release was made: an in-toto statement v1 with SLSA's provenance v1 (https://slsa.dev/spec/v1.0/provenance). */
export interface Provenance {
  readonly _type: 'https://in-toto.io/Statement/v1';
  /** Everything in the folder of the release but this statement and the sums. */
  readonly subject: readonly Resource[];
  readonly predicateType: 'https://slsa.dev/provenance/v1';
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string;
      readonly externalParameters: { readonly version: string; readonly command: string };
      /** What each image is built with. */
      readonly internalParameters: { readonly images: readonly ImageManifest[] };
      /** The commit, the lock file, and what the images begin with. */
      readonly resolvedDependencies: readonly Resource[];
    };
    readonly runDetails: {
      readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> };
      readonly metadata: {
        readonly invocationId: string;
        readonly startedOn: string;
        readonly finishedOn: string;
      };
    };
  };
}

/** SLSA's build type: the same for every release that this script makes. */
const buildType = 'urn:concertim-openstack-service:npm-run-release:1';

/** Where and when it was made. */
export interface Build {
  readonly commit: string;
  /** There were changes that are in no commit: the commit is not what it was made from. */
  readonly isModified: boolean;
  /** Of the run in a workflow; undefined: by hand, on some machine. */
  readonly runUrl: string | undefined;
  readonly npm: string;
  /** ISO times. */
  readonly startedOn: string;
  readonly finishedOn: string;
}

/** SHA-256 of every file in a folder, by name. */
export function digestsIn(folder: string): ReadonlyMap<string, string> {
  return new Map(readdirSync(folder).map((name) => [name, sha256(readFileSync(join(folder, name)))]));
}

/** @param files of the release: SHA-256 by name */
export function provenance(
  files: ReadonlyMap<string, string>,
  images: readonly ImageManifest[],
  build: Build,
): Provenance {
  const { commit, isModified, runUrl, npm, startedOn, finishedOn } = build;
  const local = `urn:concertim-openstack-service:local-build:${commit}`;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [...files].map(([name, digest]) => ({ name, digest: { sha256: digest } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { version: manifest.version, command: 'npm run release' },
        internalParameters: { images },
        resolvedDependencies: [
          {
            name: 'source',
            digest: { gitCommit: commit },
            ...(isModified && { annotations: { isModified } }),
          },
          {
            name: 'package-lock.json',
            digest: { sha256: sha256(readFileSync(join(root, 'package-lock.json'))) },
          },
          ...basesOf(images),
        ],
      },
      runDetails: {
        builder: { id: runUrl ?? local, version: { node: process.versions.node, npm } },
        metadata: { invocationId: runUrl ?? `${local}:${startedOn}`, startedOn, finishedOn },
      },
    },
  };
}

/** An image that is named by its digest. */
const pinned = /^(?<name>[^@]+)@sha256:(?<digest>[0-9a-f]{64})$/;

/** An image named without a digest may be another one tomorrow: it is listed, with a note that says so. */
function basesOf(images: readonly ImageManifest[]): Resource[] {
  return [...new Set(images.map(({ base }) => base))].map((base) => {
    const { name = base, digest } = pinned.exec(base)?.groups ?? {};
    return {
      name: 'base image',
      uri: `oci://${name}`,
      ...(digest === undefined ? { annotations: { isPinned: false } } : { digest: { sha256: digest } }),
    };
  });
}

/** Whether the base of every image is named by its digest. */
export function isPinned({ base }: ImageManifest): boolean {
  return pinned.test(base);
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
