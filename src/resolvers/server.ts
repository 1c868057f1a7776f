import { Ctx, Query, Resolver } from 'type-graphql';
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import { effectiveLimits, usageOf } from '../tenants/quotas.js';
import { liveWorkers } from '../generations/workerRegistry.js';
import type { Bundle, DeviceInfo } from '../inference/index.js';
import { Model } from '../schema/model.js';
import type { Device } from '../schema/server.js';
import { ServerInfo } from '../schema/server.js';
import { Usage } from '../schema/usage.js';
import { PAGE_SIZE } from '../storage/pagination.js';
import type { Context } from './context.js';

@Resolver()
export class ServerResolver {
  @Query(() => ServerInfo)
  async serverInfo(@Ctx() { services }: Context): Promise<ServerInfo> {
    const { version, startedAt, config, eventLoopMonitor, database } = services;
    const workers = await liveWorkers(database);
    return {
      version,
      startedAt,
      devices: workers.flatMap(({ id: workerId, devices }) => devices.map((device) => deviceOf(device, workerId))),
      limits: { ...config.limits, pageSize: PAGE_SIZE.max },
      eventLoopDelay: eventLoopMonitor.read(),
    };
  }

  @Query(() => Usage)
  async usage(@Ctx() { scope, services }: Context): Promise<Usage> {
    const limits = await effectiveLimits(scope, services.config.limits.tenant);
    const used = await usageOf(scope);
    return {
      concurrentGenerations: { used: used.concurrentGenerations, limit: limits.concurrentGenerations },
      pixelStepsToday: { used: used.pixelStepsToday, limit: limits.pixelStepsPerDay },
      storedBytes: { used: used.storedBytes, limit: limits.storedBytes },
      requestsPerMinute: limits.requestsPerMinute,
      retentionDays: limits.retentionDays,
    };
  }

  @Query(() => [Model], { description: 'Sorted by name, the newest version first.' })
  models(@Ctx() { services: { models } }: Context): Model[] {
    return models.all.map((bundle) => modelOf(bundle, models));
  }
}

function deviceOf({ bundles, precisions, capacities, ...device }: ReportedDevice, workerId: string): Device {
  const running = (capacities ?? []).flatMap(({ bundle, rows }) => {
    const precision = precisions?.[bundle];
    return precision === undefined ? [] : [{ model: bundle, precision: PRECISIONS[precision], rowsPerStep: rows }];
  });
  return { ...device, workerId, models: bundles, running };
}

const PRECISIONS = { fp32: 'FP32', fp16: 'FP16', int8: 'INT8' } as const;

/** A worker of an older version does not report how it runs a model. */
type ReportedDevice = Omit<DeviceInfo, 'precisions' | 'capacities'> &
  Partial<Pick<DeviceInfo, 'precisions' | 'capacities'>>;

function modelOf(bundle: Bundle, models: ModelRegistry): Model {
  const { id, name, version, manifest } = bundle;
  const { products, defects } = manifest.vocabulary;
  const pairs = products.flatMap((product) =>
    defects.map((defect) => ({ product, defect, coverage: models.coverage(bundle, product, defect) })),
  );
  const { image, license, defaults, ranges } = manifest;
  return {
    id,
    name,
    version,
    description: manifest.description ?? null,
    isDefault: models.find() === bundle,
    drawsOnPhotographs: bundle.manifest.components.image_encoder !== undefined,
    image,
    license: { ...license, sources: [...license.sources] },
    vocabulary: { products: [...products], defects: [...defects], pairs },
    defaults,
    ranges,
    turbo: manifest.turbo === undefined ? null : { ...manifest.turbo, steps: [...manifest.turbo.steps] },
  };
}
