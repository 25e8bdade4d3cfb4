import { closeSync, openSync, readSync } from 'node:fs';

/** No configuration, certificate or secret is larger; what is would be the wrong file. */
const maxBytes = 1024 * 1024;

/** A file's text, or in words why there is none. */
export function readFile(path: string): { text: string } | { problem: string; missing?: true } {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length > maxBytes) break;
    }
    if (length > maxBytes) return { problem: `${path} is larger than 1 MiB, is it the right file?` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length)) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    return { problem: explain(path, error as NodeJS.ErrnoException), ...(missing ? { missing } : {}) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function explain(path: string, { code = 'unknown', message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `${path} does not exist, check the path`;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be read by this user, check its permissions and those of its folders`;
    case 'EISDIR':
      return `${path} is a folder, give the file in it`;
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return `${path} is not UTF-8 text, save it as UTF-8`;
    default:
      return `${path} cannot be read (${code}: ${message})`;
  }
}
