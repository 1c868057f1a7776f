/** Prints one table for several istanbul reports: node scripts/mergeCoverage.js FOLDER... */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import coverage from 'istanbul-lib-coverage';
import report from 'istanbul-lib-report';
import reports from 'istanbul-reports';

const map = coverage.createCoverageMap();
for (const folder of process.argv.slice(2)) {
  map.merge(JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8')));
}
const context = report.createContext({ dir: 'coverage', coverageMap: map });
for (const name of ['text', 'lcovonly', 'text-summary']) reports.create(name, { skipFull: true }).execute(context);
