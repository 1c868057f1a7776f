/**
 * Ends a program that an older Node.js runs, with one line that says which is needed. A program imports this first, so that it
 * runs before the libraries. It uses only what every Node.js with ES modules has, and imports nothing.
 */

/** As in `engines` of package.json. */
const OLDEST = '22.12';

const [neededMajor = 0, neededMinor = 0] = OLDEST.split('.').map(Number);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  process.stderr.write(
    `DefectDiffu needs Node.js ${OLDEST} or later. This is Node.js ${process.versions.node}, ${process.execPath}\n`,
  );
  process.exit(1);
}
