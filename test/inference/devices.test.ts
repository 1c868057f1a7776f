/** How a device name becomes session options. For an engine with devices that are not available: deviceFailures.test.ts. */
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';

import type { Component, Precision } from '../../src/inference/bundle/manifest.js';
import { chooseVariant, executionOptions, precisionOf } from '../../src/inference/device/model/sessions.js';
import { InferenceError } from '../../src/inference/index.js';

test.each([
  ['cuda:0', 0],
  ['cuda:13', 13],
])('%s is the GPU of that number', (device, deviceId) => {
  expect(executionOptions(device, null)).toMatchObject({
    provider: 'cuda',
    session: { executionProviders: [{ name: 'cuda', deviceId }] },
  });
});

test.each(['cpu', 'webgpu'])('%s is that alone: there is nothing to fall back to', (device) => {
  expect(executionOptions(device, null)).toMatchObject({ provider: device, session: { executionProviders: [device] } });
});

test.each(['cuda', 'cuda:', 'cuda:-1', 'cuda:one', 'cpu:0', 'gpu', 'webgpu:1', ''])('"%s" is no device', (device) => {
  expect(() => executionOptions(device, null)).toThrow(InferenceError);
  expect(() => executionOptions(device, null)).toThrow(
    `unknown device "${device}"; it must be cpu, cuda:N (cuda:0 is the first GPU) or webgpu`,
  );
});

test('the runtime reads the number of the GPU where it is put', async () => {
  const graph = fileURLToPath(new URL('./models/tiny/1.0.0/image_decoder.onnx', import.meta.url));
  const open = (provider: object): Promise<unknown> =>
    ort.InferenceSession.create(graph, { executionProviders: [provider as { name: string }] });
  // A name that it does not read may hold anything; this one may not.
  await expect(open({ name: 'cuda', deviceId: 'first' })).rejects.toThrow('A number was expected');
});

describe('the arithmetic of a bundle', () => {
  const variant = (precision: Precision, least?: number, iou = 0.99): Component['variants'][number] => ({
    precision,
    file: `${precision}.onnx`,
    sha256: '',
    bytes: 1,
    ...(least === undefined ? {} : { quality: { psnr: { mean: least + 10, least }, maskIou: { mean: iou } } }),
  });
  const component = (...variants: Component['variants']): Component => ({ variants, inputs: [], outputs: [] });
  const chosen = (device: string, precision: Precision | null, ...variants: Component['variants']): Precision => {
    const other = component(variant('fp32'));
    const components = { denoiser: component(...variants), text_encoder: other, image_decoder: other };
    return precisionOf({ components }, executionOptions(device, precision));
  };

  test('is the quickest for the device that draws the same pictures', () => {
    const all = [variant('fp32'), variant('int8', 41), variant('fp16', 50)];
    expect(chosen('cpu', null, ...all)).toBe('int8');
    expect(chosen('cuda:0', null, ...all)).toBe('fp32');
    expect(chosen('cuda:0', null, variant('int8', 41), variant('fp16', 50))).toBe('fp16');
    expect(chosen('webgpu', null, ...all)).toBe('fp32');
  });

  test('is never one that draws another picture, or of which nobody knows, unless it is asked for', () => {
    const all = [variant('fp32'), variant('int8', 39), variant('fp16')];
    expect(chosen('cpu', null, ...all)).toBe('fp32');
    expect(chosen('cpu', null, variant('fp32'), variant('int8', 50, 0.97))).toBe('fp32');
    expect(chosen('cuda:0', null, ...all)).toBe('fp32');
    expect(chosen('cpu', 'int8', ...all)).toBe('int8');
    expect(chosen('cpu', 'fp16', ...all)).toBe('fp16');
  });

  test('is what there is', () => {
    expect(chosen('cpu', 'int8', variant('fp32'))).toBe('fp32');
    expect(chosen('cpu', null, variant('fp16'))).toBe('fp16');
  });

  test('is that of all its components, as far as they have it', () => {
    const decoder = component(variant('fp32'), variant('int8', 50));
    expect(chooseVariant(decoder, 'fp32').precision).toBe('fp32');
    expect(chooseVariant(decoder, 'int8').precision).toBe('int8');
    expect(chooseVariant(decoder, 'fp16').precision).toBe('fp32');
  });
});
