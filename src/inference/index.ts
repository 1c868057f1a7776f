/** The engine's door: what the rest of the program may use. It knows nothing of GraphQL, HTTP or SQL. */
export type { Coverage } from './bundle/coverage.js';
export { coverage } from './bundle/coverage.js';
export { loadBundles } from './bundle/load.js';
export type { Bundle, Manifest } from './bundle/manifest.js';
export type { Capacity, CurvePoint } from './capacity.js';
export type { DeviceInfo, DeviceState, Log } from './device.js';
export type { DrawListener } from './draw.js';
export { BundleError, CanceledError, DeviceLostError, InferenceError } from './errors.js';
export type { InferencePool, PoolOptions } from './pool.js';
export { openPool } from './pool.js';
export { extentOfPolygons } from './method/polygons.js';
export { extentOf } from './method/window.js';
export { stepBounds, stepsOnPhotograph } from './requests.js';
export type {
  AreaRequest,
  BoundingBox,
  GuidanceName,
  MaskMode,
  PhotographRequest,
  PictureFile,
  SampleRequest,
  SampleResult,
  SamplerName,
  Scores,
} from './types.js';
