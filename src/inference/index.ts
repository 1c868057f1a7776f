/** What the rest of the program may use of the engine. The engine knows nothing of GraphQL, HTTP, or SQL. */
export type { AdapterManifest } from './bundle/adapter.js';
export { adapterBundle, baseOfAdapter, parseAdapter } from './bundle/adapter.js';
export { checkAdapterGraph } from './bundle/adapterGraph.js';
export type { GraphNames } from './bundle/bundleGraph.js';
export { checkBundleGraph } from './bundle/bundleGraph.js';
export type { Coverage } from './bundle/coverage.js';
export { coverage } from './bundle/coverage.js';
export { loadBundles } from './bundle/load.js';
export type { Bundle, BundleFile, Component, Manifest, Precision, Variant } from './bundle/manifest.js';
export type { Capacity, CurvePoint } from './capacity.js';
export type { DeviceInfo, DeviceState, LogFunction } from './deviceInfo.js';
export type { DeviceStep, Engine, EngineOptions } from './engine.js';
export { openEngine } from './engine.js';
export { BundleError, CanceledError, DeviceLostError, InferenceError } from './errors.js';
export { parseManifest } from './bundle/validate.js';
export type { TrialLimits } from './trial.js';
export { tryBundle } from './trial.js';
export { componentMask, connectedComponents } from './method/connectedComponents.js';
export { DEFAULT_VARIATION, VARIED } from './method/transplant/variation.js';
export type { Polygon } from './method/polygons.js';
export { crossingCount, polygonsExtent, rasterizePolygons } from './method/polygons.js';
export type { Size } from './method/window.js';
export { maskExtent } from './method/window.js';
export { NEWEST_PLACEMENT } from './method/defectShapes.js';
export type { PlacementVersion } from './method/defectShapes.js';
export type {
  AllowedArea,
  BoundingBox,
  GenerateOptions,
  GuidanceName,
  ImageSource,
  InpaintingRequest,
  MaskConvention,
  MaskMode,
  MaskSource,
  QualityScores,
  SampleRequest,
  SampleResult,
  SamplerName,
  TransplantPlace,
  TransplantRequest,
  VariationLimits,
} from './types.js';
export { inpaintingSteps, stepBounds } from './validateRequest.js';
