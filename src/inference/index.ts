/** The engine's door: what the rest of the program may use. It knows nothing of GraphQL, HTTP or SQL. */
export type { Coverage } from './bundle/coverage.js';
export { coverage } from './bundle/coverage.js';
export { loadBundles } from './bundle/load.js';
export type { Bundle, Manifest, Precision } from './bundle/manifest.js';
export type { Capacity, CurvePoint } from './capacity.js';
export type { DeviceInfo, DeviceState, Log } from './device.js';
export type { DrawListener } from './draw.js';
export { BundleError, CanceledError, DeviceLostError, InferenceError } from './errors.js';
export type { Engine, EngineOptions, DeviceStep } from './engine.js';
export { openEngine } from './engine.js';
export { polygonsExtent } from './method/polygons.js';
export { maskExtent } from './method/window.js';
export { stepBounds, inpaintingSteps } from './validateRequest.js';
export type {
  MaskSource,
  BoundingBox,
  GuidanceName,
  MaskMode,
  InpaintingRequest,
  ImageSource,
  SampleRequest,
  SampleResult,
  SamplerName,
  QualityScores,
} from './types.js';
