/**
 * The exit codes of all commands, one meaning each. docs/cli.md has the table; 64 and 78 are those of sysexits.h, by which a
 * supervisor knows that a restart does not help.
 */
export const exitCodes = {
  /** The command succeeded, and found nothing wrong. */
  success: 0,
  /** The command failed, or a component does not do its work. */
  failure: 1,
  /** It looked, and something is wrong: a plan that is not in step, an error that the doctor found. */
  difference: 2,
  /** The doctor found warnings alone, or could not check everything. */
  warnings: 3,
  /** The command line is wrong: an unknown command, option or component. */
  usage: 64,
  /** The configuration is wrong, or lacks what the command needs. */
  configuration: 78,
} as const;
