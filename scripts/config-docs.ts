import { z } from 'zod';
import { ConfigFile, keysOf2024, sections } from '../src/config/schema.ts';
import { variablesOf } from '../src/config/secrets-of-environment.ts';
import { type About, about } from '../src/config/setting.ts';

interface Key {
  readonly name: string;
  readonly facts: About;
  readonly isRequired: boolean;
}

interface Section {
  /** '' for the keys at the top. */
  readonly name: string;
  readonly keys: readonly Key[];
  readonly about: string;
  readonly isUnused: boolean;
  /** It is a list; each entry has these keys, and sections of its own. */
  readonly isList: boolean;
}

/** config.example.yaml: every key, those that most clouds need with a value, the others commented out. */
export function renderExample(): string {
  const parts = readSchema().map((section) => {
    if (section.isList) return exampleOfList(section);
    const indent = section.name ? '  ' : '';
    const keys = section.keys.map((key) => exampleOf(key, indent)).join('\n');
    return section.name ? `# ${section.about}\n${section.name}:\n${keys}` : keys;
  });
  return `# Configuration of concertim-openstack-service, written from its schema by \`npm run docs\`.
# docs/configuration.md says more. A password can also be given as a file: password_file: PATH

${parts.join('\n\n')}
`;
}

/** Commented out: it stands in place of sections that have values. */
function exampleOfList({ name, about, keys }: Section): string {
  const comment = inLines(about, 108).map((line) => `# ${line}\n`);
  const entry = keys.map((key) => `${key.name}: ${key.facts.example}`).join('\n#    ');
  return `${comment.join('')}#${name}:\n#  - ${entry}\n#    openstack: # the keys of openstack above\n#    rmq: # those of rmq`;
}

function exampleOf({ name, facts }: Key, indent: string): string {
  const comment = inLines(facts.description, 110 - indent.length - 2)
    .map((line) => `${indent}# ${line}\n`)
    .join('');
  if (facts.example !== undefined) return `${comment}${indent}${name}: ${facts.example}`;
  return `${comment}${indent}#${name}: ${facts.default ?? facts.suggestion ?? ''}`.trimEnd();
}

/** docs/configuration.md: what can be configured, key by key. */
export function renderReference(): string {
  return `# Configuration

<!-- Written from src/config/schema.ts by \`npm run docs\`. -->

The configuration is one YAML file: the one that \`--config FILE\` names, else the one that
\`$CONCERTIM_OPENSTACK_SERVICE_CONFIG\` names, else \`/etc/concertim-openstack-service/config.yaml\`. It is read once, at the
start. [config.example.yaml](../config.example.yaml) holds every key.

- \`concertim-openstack-service check-config\` shows what is in effect and where each value comes from, without secrets.
- All problems are reported at once, as \`config.yaml:LINE:COL key: what is wrong, what to do\`, and the exit code is 78.
- Every secret can be given as a file: \`password_file: PATH\` instead of \`password\`. A line feed at its end is not part of it.
- Every secret can be given by the environment, in the variable that its row names, where the file does not say it. The variables of
  one of several \`clouds\` end in its name, in capitals and with \`_\` for \`-\` and \`.\`:
  \`$CONCERTIM_OPENSTACK_SERVICE_OPENSTACK_PASSWORD_NORTH\`.
- A key that resembles none of these, such as one of a newer version, is ignored with one notice at the start. One that
  resembles one of them is taken for a slip of the pen, and is an error.
- A path that is not absolute starts from the folder of the file it stands in; \`~/\` is the home folder.
- A text is taken as it is written, digits and all: \`password: 0123\` has four characters. Quotes are needed where YAML
  needs them, such as before \`#\` and around \`: \`.
- A key without a value counts as not given.

## Signing in to OpenStack

\`openstack\` holds \`auth_url\` and one of these sets:

| | keys |
|---|---|
| by name | \`username\`, \`password\`, \`user_domain_name\`, \`project_name\`, \`project_domain_name\` |
| by id | \`user_id\`, \`password\`, \`project_id\` |
| mixed | \`username\`, \`password\`, \`user_domain_name\`, \`project_id\` |
| application credential | \`application_credential_secret\` with \`application_credential_id\`, or with \`application_credential_name\` and the user |
| identity v2.0, for an \`auth_url\` that ends in \`/v2.0\` | \`username\`, \`password\`, \`tenant_name\` or \`tenant_id\` |

In each, a domain can be given as \`…_domain_id\`. Where an id and a name are given, the id counts.

Instead of all these, \`cloud\` names a cloud of \`clouds.yaml\`.

${readSchema().map(tableOf).join('\n\n')}

## From earlier versions

A file of the first version works unchanged; its \`rmq_*\` keys may also stand under \`openstack\`. These keys of the version of
2024 are accepted and have no effect:

| key | |
|---|---|
${Object.entries(keysOf2024)
  .map(([key, why]) => `| \`${key}\` | ${why} |`)
  .join('\n')}
`;
}

function tableOf(section: Section): string {
  const rows = section.keys.map(({ name, facts, isRequired }) => {
    const fallback = isRequired ? '**required**' : facts.default === undefined ? '' : `\`${facts.default}\``;
    const variables = variablesOf(section.name, name, facts).map((variable) => `\`$${variable}\``);
    const secret = facts.secret ? ` Secret; or \`${name}_file\`, or ${variables.join(', or ')}.` : '';
    return `| \`${name}\` | ${facts.description}${secret} | ${facts.takes} | ${fallback} |`;
  });
  const unused = section.isUnused ? ' Checked and kept, but no component of this version uses it yet.' : '';
  const head = section.name ? `## \`${section.name}\`\n\n${section.about}${unused}` : '## At the top';
  const list = section.isList ? `\n\n${howToList}` : '';
  return `${head}${list}\n\n| key | | takes | default |\n|---|---|---|---|\n${rows.join('\n')}`;
}

const howToList = `\`\`\`yaml
clouds:
  - name: north
    openstack: { auth_url: https://north.example.com:5000/v3, username: concertim, … }
    rmq: { rmq_address: rabbitmq.north.example.com }
  - name: south
    openstack: { auth_url: https://south.example.com:5000/v3, username: concertim, … }
\`\`\`

\`openstack\` and \`rmq\` have the keys of the sections of these names. Regions of one Keystone are entries with the same \`auth_url\`, each with
its \`region_name\`. [scale.md](scale.md#several-clouds-or-regions) says what several clouds mean.`;

function readSchema(): Section[] {
  const entries = Object.entries(ConfigFile.shape);
  const atTop = entries.filter(([, part]) => about.has(part));
  return [
    {
      name: '',
      keys: atTop.map(([name, part]) => readKey(name, part)),
      about: '',
      isUnused: false,
      isList: false,
    },
    ...Object.entries(sections).map(([name, { about, unused }]) => {
      const part = ConfigFile.shape[name as keyof typeof sections];
      const isList = part instanceof z.ZodArray;
      const keys = Object.entries<z.ZodType>((isList ? part.element : part).shape)
        .filter(([, schema]) => !(schema instanceof z.ZodObject))
        .map(([key, schema]) => readKey(key, schema));
      return { name, keys, about, isUnused: unused ?? false, isList };
    }),
  ];
}

function readKey(name: string, schema: z.ZodType): Key {
  const facts = about.get(schema);
  if (!facts) throw new Error(`${name} has no description: declare it with optional() or required()`);
  return { name, facts, isRequired: !schema.safeParse(undefined).success };
}

function inLines(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line && line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}
