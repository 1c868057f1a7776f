/** The Kubernetes manifests: pods under the "restricted" profile, probes that exist, settings that the service takes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readConfig } from '../../src/config.js';
import { documents, unknownSettings, manifests, readYaml, stage } from '../support/deployment.js';
import type { Json } from '../support/server.js';

const BASE = 'deploy/kubernetes/base';
const inBase = manifests(BASE);
const all = [...inBase, ...documents('deploy/kubernetes/trainer/trainer.yaml')];
const ofKind = (kind: string) => all.filter((manifest) => manifest.kind === kind);
const named = (kind: string, name: string): Json => ofKind(kind).find(({ metadata }) => metadata.name === name);
const deployments = ofKind('Deployment').map((deployment) => [
  deployment.metadata.name as string,
  deployment.spec.template.spec,
]);
const gpu = documents('deploy/kubernetes/gpu/worker.yaml')[0].spec.template.spec;
const [scaled, trigger] = documents('deploy/kubernetes/keda/scaled-workers.yaml');

const text = (value: object) => JSON.parse(JSON.stringify(value)) as Record<string, string>;
const secretOf = (file: string) => text(documents(file)[0].stringData as object);
const variables = (container: Json) =>
  Object.fromEntries((container.env as { name: string; value: string }[]).map(({ name, value }) => [name, value]));

test('there is a deployment for each role, and nothing in it is run by a default that could change', () => {
  expect(deployments.map(([name]) => name)).toEqual(['api', 'worker', 'trainer']);
  const { images } = readYaml(`${BASE}/kustomization.yaml`);
  expect(images).toEqual([{ name: 'defectdiffu', newTag: expect.stringMatching(/^\d+\.\d+\.\d+-cpu$/) }]);
  expect(gpu.containers[0].image).toMatch(/^defectdiffu:\d+\.\d+\.\d+-cuda$/);
  expect(named('Deployment', 'trainer').spec.template.spec.containers[0].image).toMatch(
    /^defectdiffu:\d+\.\d+\.\d+-trainer$/,
  );
});

test.each(deployments)(
  '%s: the "restricted" pod security profile, and a root file system nobody writes to',
  (_name, pod) => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const [container] = pod.containers;
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.volumeMounts.map((mount: Json) => mount.mountPath)).toEqual(['/data', '/tmp']);
    expect(pod.volumes.map((volume: Json) => Object.keys(volume as object))).toEqual([
      ['name', 'emptyDir'],
      ['name', 'emptyDir'],
    ]);
    expect(pod.automountServiceAccountToken).toBe(false);
  },
);

test.each(deployments)('%s: is started, ready and alive by the routes that the service has', (_name, pod) => {
  const [{ startupProbe, readinessProbe, livenessProbe, ports, resources }] = pod.containers;
  const probes = [startupProbe, readinessProbe, livenessProbe].map(
    ({ httpGet }) => `${httpGet.path as string} ${httpGet.port as string}`,
  );
  expect(probes).toEqual(['/livez http', '/readyz http', '/livez http']);
  const image = stage('cpu').instructions.find((each) => each.getKeyword() === 'EXPOSE');
  expect(ports).toEqual([{ name: 'http', containerPort: Number(image?.getArgumentsContent()) }]);
  expect(resources).toMatchObject({
    requests: { cpu: expect.any(String), memory: expect.any(String) },
    limits: { memory: expect.any(String) },
  });
});

test.each(deployments)('%s: has time to drain, and is not drained together with its like', (name, pod) => {
  const [, milliseconds = ''] = /SHUTDOWN_MS = ([\d_]+)/.exec(readFileSync('src/program.ts', 'utf8')) ?? [];
  const before: number = pod.containers[0].lifecycle?.preStop.sleep.seconds ?? 0;
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(before + Number(milliseconds.replaceAll('_', '')) / 1000);
  expect(named('PodDisruptionBudget', name).spec).toMatchObject({
    maxUnavailable: 1,
    selector: named('Deployment', name).spec.selector,
  });
  expect(pod.topologySpreadConstraints[0].labelSelector).toEqual(named('Deployment', name).spec.selector);
  expect(named('Deployment', name).spec.template.metadata.labels).toMatchObject(
    named('Deployment', name).spec.selector.matchLabels as object,
  );
});

test.each(deployments)('%s: every setting is one that the service knows, and it takes all of them', (name, pod) => {
  const secret = secretOf('deploy/kubernetes/secret.example.yaml');
  expect(Object.values(secret).filter((value) => !value.includes('CHANGE-ME'))).toEqual([]);
  const filledIn = Object.fromEntries(
    Object.entries(secret).map(([key, value]) => [key, value.replace('CHANGE-ME', '0123456789abcdef'.repeat(4))]),
  );
  const settings = {
    ...text(named('ConfigMap', 'defectdiffu').data as object),
    ...filledIn,
    ...variables(pod.containers[0]),
  };
  expect(pod.containers[0].envFrom).toEqual([
    { configMapRef: { name: 'defectdiffu' } },
    { secretRef: { name: 'defectdiffu' } },
  ]);
  expect(unknownSettings(settings)).toEqual([]);
  expect(readConfig(settings)).toMatchObject({
    role: name,
    s3: { bucket: 'defectdiffu' },
    publicUrl: expect.stringMatching(/^https:/),
    urlSecret: expect.anything(),
    keyHashSecret: expect.any(String),
    metricsToken: expect.any(String),
  });
});

test('the service and the ingress lead to the api alone, by the routes that callers need', () => {
  expect(ofKind('Service').map(({ spec }) => spec.selector)).toEqual([
    named('Deployment', 'api').spec.selector.matchLabels,
  ]);
  const paths = ofKind('Ingress').flatMap(({ spec }) => spec.rules[0].http.paths as Json[]);
  expect(paths.map(({ path, backend }) => [path, backend.service.name])).toEqual([
    ['/graphql', 'api'],
    ['/artifacts', 'api'],
    ['/uploads', 'api'],
  ]);
});

test('the workers on GPUs ask for as many as they use', () => {
  const [worker] = gpu.containers;
  const devices = variables(worker)['DEVICES'] ?? '';
  expect(readConfig({ DEVICES: devices }).devices).toHaveLength(worker.resources.limits['nvidia.com/gpu'] as number);
});

test('what scales the workers reads a secret that its example has', () => {
  expect(scaled.spec.triggers[0]).toMatchObject({
    type: 'postgresql',
    authenticationRef: { name: trigger.metadata.name },
  });
  const [{ name, key, parameter }] = trigger.spec.secretTargetRef;
  const example = documents('deploy/kubernetes/keda/secret.example.yaml')[0];
  expect([parameter, name, Object.keys(example.stringData as object)]).toEqual([
    'connection',
    example.metadata.name,
    [key],
  ]);
});

const withKubectl = spawnSync('kubectl', ['version', '--client']).status === 0 ? test : test.skip;

withKubectl.each(['base', 'gpu', 'trainer'])('kustomize builds %s', (overlay) => {
  const built = execFileSync('kubectl', ['kustomize', `deploy/kubernetes/${overlay}`], { encoding: 'utf8' });
  expect(built).toContain(overlay === 'gpu' ? 'value: cuda:0' : 'value: cpu');
  expect(built.match(/^kind: /gm)).toHaveLength(overlay === 'trainer' ? all.length : inBase.length);
});
