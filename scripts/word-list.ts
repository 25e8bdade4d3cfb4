import ts from 'typescript';

/** Phrases that a reader has to translate, and what to write instead. */
const wordList: Readonly<Record<string, string>> = {
  'of which': '"whose", or two sentences',
  'be (?:it|they)': '"even", "whether … or"',
  shall: '"must", "should", "is to"',
  whoever: 'who: "the caller", "the operator", "the new writer"',
  anew: '"again", "recreated", "restarted", "reset"',
  '(?:un)?told': '"called with", "receives", "logged", "reported", "distinguished"',
  '(?:un)?asked': '"requested", "queried", "read", "configured"',
  '(?:goes|go|going|gone|went|is|are|was|were|be|been|being|stays) away':
    '"unavailable", "stops responding", "removed"',
  'put aside': '"dead-lettered" for a message, "rotated" for a file',
  'to be had': '"available", "there is none"',
  'vouch(?:es)? for': '"trusted", "signed by"',
  'as it were': 'the sentence without it',
  '(?:hears?|heard) of': '"receives", "knows"',
};

/** Words of a phrase may stand on two lines, with what a comment's line begins with in between. */
const gap = String.raw`\s+(?:(?:\*|\/\/|>)\s+)?`;
const entries = Object.entries(wordList).map(([phrase, instead]) => ({
  phrase: new RegExp(`\\b(?:${phrase.replaceAll(' ', gap)})\\b`, 'gi'),
  instead,
}));

/**
 * Finds the phrases of the word list where people read them: in comments, strings and JSX text of TypeScript, in comments of
 * CSS, and in Markdown outside code.
 *
 * @param path its ending decides how `text` is read
 * @returns one line a phrase: `docs/cli.md:24 "asked": write "requested", …`
 */
export function oldPhrases(path: string, text: string): string[] {
  const prose = proseOf(path, text);
  return entries
    .flatMap(({ phrase, instead }) =>
      [...prose.matchAll(phrase)].map(({ 0: found, index }) => ({
        line: text.slice(0, index).split('\n').length,
        problem: `"${found.replaceAll(/[\s*/>]+/g, ' ')}": write ${instead}`,
      })),
    )
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, problem }) => `${path}:${line} ${problem}`);
}

/** The text without its code, each character in its place. */
function proseOf(path: string, text: string): string {
  if (path.endsWith('.md')) return text.replaceAll(/^ *```[^]*?^ *```|`[^`\n]*`/gm, blank);
  const ranges = path.endsWith('.css')
    ? [...text.matchAll(/\/\*[^]*?\*\//g)].map(({ 0: { length }, index }) => [index, index + length] as const)
    : rangesOfScript(path, text);
  let at = 0;
  const parts = ranges.map(([start, end]) => {
    const part = blank(text.slice(at, start)) + text.slice(start, end);
    at = end;
    return part;
  });
  return parts.join('');
}

const blank = (code: string) => code.replaceAll(/\S/g, '\0');

/** Where comments, strings and JSX text begin and end, in their order. */
function rangesOfScript(path: string, text: string): (readonly [start: number, end: number])[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const ranges = new Map<number, number>();
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of [
      ...(ts.getLeadingCommentRanges(text, node.pos) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
    ])
      ranges.set(pos, end);
    if (isProse(node)) ranges.set(node.getStart(source), node.end);
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  return [...ranges].toSorted(([a], [b]) => a - b);
}

function isProse(node: ts.Node): boolean {
  if (ts.isStringLiteral(node))
    return !ts.isImportDeclaration(node.parent) && !ts.isExportDeclaration(node.parent);
  return (
    ts.isNoSubstitutionTemplateLiteral(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node) ||
    ts.isJsxText(node)
  );
}
