import { Ctx, Query, Resolver } from 'type-graphql';
import { effectiveLimits, usageOf } from '../tenants/quotas.js';
import { liveWorkers } from '../generations/workerRegistry.js';
import { countLiveTrainers } from '../trainings/trainerRegistry.js';
import { trainingDefaults, trainingRanges } from '../trainings/trainingDefaults.js';
import type { DeviceInfo } from '../inference/index.js';
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
    const [workers, trainers] = [await liveWorkers(database), await countLiveTrainers(database)];
    return {
      version,
      startedAt,
      devices: workers.flatMap(({ id: workerId, devices }) => devices.map((device) => deviceOf(device, workerId))),
      trainers,
      limits: { ...config.limits, pageSize: PAGE_SIZE.max },
      trainingDefaults: trainingDefaults(config.limits),
      trainingRanges: trainingRanges(config.limits),
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
      trainingMinutesToday: { used: Math.ceil(used.trainingMinutesToday), limit: limits.trainingMinutesPerDay },
      requestsPerMinute: limits.requestsPerMinute,
      retentionDays: limits.retentionDays,
    };
  }
}

function deviceOf({ bundles, precisions, capacities, ...device }: ReportedDevice, workerId: string): Device {
  const running = (capacities ?? []).flatMap(({ bundle, rows }) => {
    const precision = precisions?.[bundle];
    return precision === undefined ? [] : [{ model: bundle, precision: PRECISIONS[precision], rowsPerStep: rows }];
  });
  return { ...device, load: device.load ?? null, workerId, models: bundles, running };
}

const PRECISIONS = { fp32: 'FP32', fp16: 'FP16', int8: 'INT8' } as const;

/** A worker of an older version does not report how it runs a model, or its load. */
type ReportedDevice = Omit<DeviceInfo, 'precisions' | 'capacities' | 'load'> &
  Partial<Pick<DeviceInfo, 'precisions' | 'capacities' | 'load'>>;
