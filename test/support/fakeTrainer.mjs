/**
 * Takes the place of `defectdiffu-train work`: writes the lines of the contract at once. The name of the model says what it does. The
 * model is one that the training package exported (test/inference/student).
 */
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , , , requestFile, , run] = process.argv;
const request = JSON.parse(readFileSync(requestFile, 'utf8'));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const phase = (done) =>
  say({ type: 'phase', phase: 'adapter', done, total: 100, figures: { total: 1 / done }, secondsLeft: 100 - done });
const forever = () => setInterval(() => phase(7), 20);
/** Of detectors with samples, by the second word of the name. */
const GAINS = {
  better: [{ mean: 0.061, low: 0.012, high: 0.108 }, 'BETTER'],
  worse: [{ mean: -0.041, low: -0.085, high: -0.005 }, 'WORSE'],
};
const REASONS = ['OUT_OF_TIME', 'TOO_FEW_PHOTOGRAPHS', 'NO_MASKS', 'NOT_INSTALLED'];
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

function finish() {
  const grid = join(run, 'grid.png');
  writeFileSync(grid, Buffer.from(PNG, 'base64'));
  const [pair] = [['brass cog', 'dent']];
  say({ type: 'imageGrid', path: grid, step: 100, pairs: [pair] });
  const [product, defect] = pair;
  const isAdapter = request.kind === 'ADAPTER';
  const figures = { samples: 0.75, twins: 0, real: 1, before: isAdapter ? null : 0.5, concern: null };
  const [gain, conclusion] = GAINS[request.name.split('-')[1]] ?? [
    { mean: 0.02, low: -0.01, high: 0.05 },
    'NOT_TOLD_APART',
  ];
  const compared = { photographs: 4, without: 0.5, withSamples: 0.5 + gain.mean, gain, conclusion };
  const withDetectors = {
    detectors: request.name.endsWith('-none') ? [] : [{ product, ...compared }],
    withoutDetectors: request.name.endsWith('-none')
      ? REASONS.map((reason, i) => ({ product: `brass part ${String(i)}`, reason }))
      : [{ product: 'brass ring', reason: 'OUT_OF_TIME' }],
  };
  const verdict = { pairs: [{ product, defect, ...figures }], outOfTime: [], withoutNormal: [] };
  say({ type: 'verdict', ...verdict, ...(request.detectors && withDetectors) });
  const folder = join(run, 'model');
  const made = isAdapter ? 'adapters/cog/1.0.0' : 'models/student/1.0.0';
  cpSync(join('test/inference/student', made), folder, { recursive: true });
  const file = join(folder, isAdapter ? 'adapter.json' : 'bundle.json');
  const { name, version } = request;
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const base = JSON.parse(readFileSync(join(request.bundle, 'bundle.json'), 'utf8'));
  const trainedOn = isAdapter && { base: { ...manifest.base, name: base.name, version: base.version } };
  writeFileSync(file, JSON.stringify({ ...manifest, name, version, ...trainedOn }));
  say({ type: 'model', folder, step: 100, samplesSeen: 3200 });
}

const BEHAVIOURS = {
  finishes: finish,
  refuses() {
    say({ type: 'error', code: 'DATA_INVALID', message: 'brass cog/test/dent/1.png: its mask is empty' });
    process.exitCode = 3;
  },
  crashes() {
    process.stderr.write('a fault\n');
    process.exitCode = 1;
  },
  stops() {
    process.exitCode = 0;
  },
  floods() {
    process.stdout.write('x'.repeat(2 ** 20));
    forever();
  },
  strays() {
    say({ type: 'imageGrid', path: '/etc/hostname', step: 1, pairs: [] });
    forever();
  },
  lingers: forever,
  /** The first attempt kills itself; the next one finds what it left. */
  resumes() {
    const mark = join(run, 'checkpoint');
    if (existsSync(mark)) return finish();
    writeFileSync(mark, '');
    process.kill(process.pid, 'SIGKILL');
  },
};

process.stdin.resume().on('end', () => process.exit(1));
mkdirSync(run, { recursive: true });
appendFileSync(join(run, 'pids'), `${String(process.pid)}\n`);
say({ type: 'begin', formatVersion: 1, codeVersion: '1.0.0' });
say({ type: 'warning', message: 'few photographs' });
phase(1);
BEHAVIOURS[request.name.split('-')[0]]();
if (!['floods', 'strays', 'lingers'].includes(request.name.split('-')[0])) process.stdin.unref?.();
