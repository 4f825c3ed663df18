// Runs test files in a page: /bundle is the folder of their modules.
export async function report(parameters) {
  const { runFile } = await import(`/bundle/${parameters.get('runner')}`);
  const stated = JSON.parse(parameters.get('stated'));
  const load = (file) => import(`/bundle/${file.replace(/\.ts$/, '.js')}`);
  const results = [];
  for (const file of parameters.get('files').split(',')) {
    results.push(await runFile(file, { load, seeded: !stated.includes(file) }));
  }
  return { engine: /Chrome\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent, results };
}
