import type { Command } from 'commander';
import { commandLine } from '../src/cli/command-line.ts';

/** docs/concertim-openstack-service.1: the manual page, from the commands themselves. */
export function renderManPage(): string {
  const program = commandLine(() => undefined);
  return `.\\" Written from src/cli/command-line.ts by npm run docs.
.TH CONCERTIM\\-OPENSTACK\\-SERVICE 1
.SH NAME
${roff(program.name())} \\- ${roff(program.description())}
.SH SYNOPSIS
.B ${roff(program.name())}
.I COMMAND
[options]
.SH COMMANDS
${program.commands.flatMap(leaves).map(section).join('\n')}
.SH EXIT STATUS
.TP
.B 0
done, and nothing is wrong
.TP
.B 1
the command failed; status, health: a component does not do its work
.TP
.B 2
plan: not in step; doctor: errors found
.TP
.B 3
doctor: warnings, or something could not be checked
.TP
.B 64
wrong usage
.TP
.B 78
the configuration is wrong
.SH ENVIRONMENT
.TP
.B CONCERTIM_OPENSTACK_SERVICE_CONFIG
path of the configuration, unless
.B \\-\\-config
gives it
.TP
.B NO_COLOR
no colour on a terminal
.SH FILES
.TP
.I /etc/concertim\\-openstack\\-service/config.yaml
the configuration; config.example.yaml has every key
`;
}

/** A command that only has others is none by itself. */
function leaves(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function section(command: Command): string {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return [
    `.SS ${roff(help.commandUsage(command).replace(/^\S+ /, ''))}`,
    roff(help.commandDescription(command)),
    ...options.flatMap((option) => [
      '.TP',
      `.B ${roff(help.optionTerm(option))}`,
      roff(help.optionDescription(option)),
    ]),
  ].join('\n');
}

/** What roff would take for a request or an escape is text. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(['.])/gm, '\\&$1');
}
