// No engine runs compose or Kubernetes here: their files are read, and held to what both ask of them and to what our processes need.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { Setting } from './setting.ts';

const text = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
type Tree = Readonly<Record<string, unknown>>;
const at = <T = Tree>(tree: unknown, path: string): T =>
  path.split('.').reduce<unknown>((found, name) => (found as Tree)?.[name], tree) as T;

function checkSetting(json: string, hosts: ReadonlySet<string>): Setting {
  const found = JSON.parse(json) as Setting;
  const urls = [
    found.database,
    found.coordinator.url,
    found.coordinator.admin,
    ...found.fronts,
    ...Object.values(found.status),
  ];
  // Every host of the setting is one that the file makes.
  for (const url of urls) expect([...hosts], url).toContain(new URL(url).hostname);
  expect(found.blobs).toBe('/blobs');
  for (const name of Object.keys(found.status)) expect(name).toMatch(/^(front|worker)-\d$/);
  return found;
}

describe('compose.yaml', () => {
  const file = parse(text('compose.yaml'), { merge: true, strict: true, uniqueKeys: true }) as Tree;
  const services = at<Record<string, Tree>>(file, 'services');

  it('has the members that compose knows, and no others', () => {
    for (const name of Object.keys(file)) expect(name).toMatch(/^(name|services|volumes|x-.+)$/);
    const known = /^(image|build|command|environment|volumes|depends_on|restart|stop_grace_period|healthcheck|ports)$/;
    for (const [name, service] of Object.entries(services)) {
      for (const member of Object.keys(service)) expect(member, name).toMatch(known);
      expect('image' in service !== 'build' in service, `${name}: an image or a build`).toBe(true);
      for (const dependency of Object.keys(at(service, 'depends_on') ?? {}))
        expect(services).toHaveProperty(dependency);
      for (const volume of (service.volumes ?? []) as string[])
        expect(at(file, 'volumes')).toHaveProperty(volume.split(':')[0]);
      expect(at<string[]>(service, 'healthcheck.test')[0]).toBe('CMD');
    }
  });

  it('starts a database that keeps its word, a coordinator, two front ends and four workers', () => {
    const names = ['front-1', 'front-2', 'worker-1', 'worker-2', 'worker-3', 'worker-4'];
    expect(Object.keys(services)).toEqual(['redis', 'coordinator', ...names]);
    expect((services.redis.command as string[]).join(' ')).toBe(
      '--appendonly yes --appendfsync always --maxmemory-policy noeviction',
    );
    const hosts = new Set(Object.keys(services));
    for (const name of ['coordinator', ...names]) {
      const found = checkSetting(at<string>(services[name], 'environment.CLUSTER'), hosts);
      expect(Object.keys(found.status)).toEqual(names);
      expect(services[name].command).toEqual([name]);
      expect(services[name].stop_grace_period).toBe('40s');
    }
  });
});

describe('kubernetes.yaml', () => {
  const documents = parseAllDocuments(text('kubernetes.yaml'), { strict: true, uniqueKeys: true });
  const objects = documents.map((document) => document.toJS() as Tree);
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const named = (kind: string) => new Map(of(kind).map((object) => [at<string>(object, 'metadata.name'), object]));

  it('is YAML of known kinds in their versions', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    const versions: Record<string, string> = {
      ConfigMap: 'v1',
      PersistentVolumeClaim: 'v1',
      Service: 'v1',
      StatefulSet: 'apps/v1',
      Deployment: 'apps/v1',
    };
    for (const object of objects) {
      expect(object.apiVersion).toBe(versions[object.kind as string]);
      expect(Object.keys(object).sort()).toEqual(
        ['apiVersion', object.kind === 'ConfigMap' ? 'data' : 'spec', 'kind', 'metadata'].sort(),
      );
      expect(at<string>(object, 'metadata.name')).toMatch(/^[a-z][a-z0-9-]{0,62}$/);
    }
  });

  it('selects what it makes, asks ports that are listened on, and lets everyone finish', () => {
    const pods = [...of('Deployment'), ...of('StatefulSet')];
    for (const object of pods) {
      const name = at<string>(object, 'metadata.name');
      const labels = at(object, 'spec.template.metadata.labels');
      expect(at(object, 'spec.selector.matchLabels'), name).toEqual(labels);
      const [container] = at<Tree[]>(object, 'spec.template.spec.containers');
      const ports = (container.ports as { containerPort: number }[]).map(({ containerPort }) => containerPort);
      const service = named('Service').get(name);
      expect(at(service, 'spec.selector'), name).toEqual(labels);
      for (const { port } of at<{ port: number }[]>(service, 'spec.ports')) expect(ports, name).toContain(port);
      expect(at(container, 'resources.requests.memory'), name).toBeDefined();
      const volumes = [
        ...(at<Tree[]>(object, 'spec.template.spec.volumes') ?? []).map((volume) => volume.name),
        ...(at<Tree[]>(object, 'spec.volumeClaimTemplates') ?? []).map((claim) => at(claim, 'metadata.name')),
      ];
      for (const mount of container.volumeMounts as Tree[]) expect(volumes, name).toContain(mount.name);
      if (object.kind !== 'Deployment') continue;
      for (const probe of ['readinessProbe', 'livenessProbe'])
        expect(ports, name).toContain(at(container, `${probe}.httpGet.port`));
      expect(at(object, 'spec.template.spec.terminationGracePeriodSeconds')).toBe(40);
      for (const { valueFrom } of container.env as Tree[]) {
        const reference = at<string | undefined>(valueFrom, 'configMapKeyRef.key');
        if (reference !== undefined) expect(at(named('ConfigMap').get('cluster'), 'data')).toHaveProperty(reference);
      }
    }
    const replicas = Object.fromEntries(pods.map((pod) => [at(pod, 'metadata.name'), at(pod, 'spec.replicas')]));
    expect(replicas).toEqual({ redis: 1, coordinator: 1, front: 2, worker: 4 });
    expect(at(named('Deployment').get('coordinator'), 'spec.strategy.type')).toBe('Recreate');
    checkSetting(at<string>(named('ConfigMap').get('cluster'), 'data.setting'), new Set(named('Service').keys()));
  });
});
