// Sends the traces of the service to the collector of OTEL_EXPORTER_OTLP_ENDPOINT. See docs/observability.md.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';

new NodeSDK({
  serviceName: process.env.OTEL_SERVICE_NAME ?? 'defectdiffu',
  traceExporter: new OTLPTraceExporter(),
}).start();
