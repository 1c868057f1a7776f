/** Whether WebGPU can be used on this machine. Asked of a process of its own: a driver that is not up to it may take its process along. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const graph = fileURLToPath(new URL('./models/tiny/1.0.0/image_decoder.onnx', import.meta.url));
const PROBE = `
  const ort = require('onnxruntime-node');
  ort.InferenceSession.create(${JSON.stringify(graph)}, { executionProviders: ['webgpu'] }).then(
    () => process.exit(0),
    (error) => { console.error(error.message); process.exit(1); },
  );
`;

/** `null` where it can; else why not, in a few words. */
export function whyNoWebGpu(): string | null {
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', PROBE], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (status === 0) return null;
  if (/no supported adapters|failed to get a webgpu adapter/i.test(stderr)) return 'there is no Vulkan adapter';
  return signal === null ? (stderr.trim().split('\n').at(-1) ?? 'it cannot be opened') : `it ends with ${signal}`;
}
