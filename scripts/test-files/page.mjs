// Runs test files, each in a page of its own: /bundle is the folder of their modules.
const engine = /Chrome\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent;

export async function report(parameters) {
  const { now, runFile } = await import(`/bundle/${parameters.get('runner')}`);
  const stated = JSON.parse(parameters.get('stated'));
  const load = (path) => import(`/bundle/${path.replace(/\.ts$/, '.js')}`);
  const [file, ...others] = parameters.get('files').split(',');
  // A test may put others in their place.
  const { fetch, setInterval } = globalThis;
  const tell = (what) => fetch('/told', { method: 'POST', body: JSON.stringify(what) });
  setInterval(() => tell({ test: now.test }), 20_000);
  const slowness = Number(parameters.get('slowness'));
  const result = await runFile(file, { load, seeded: !stated.includes(file), slowness });
  await tell({ engine, result });
  if (others.length === 0) return {};
  parameters.set('files', others.join());
  location.replace(`/?${parameters}`);
  return new Promise(() => {});
}
