// What `npm publish` would send, up to sending it.
import { run } from '../packed.mjs';

export async function publish(packed, folder) {
  for (const { manifest, tarball } of packed) {
    // Provenance is the forge's to give.
    const words = ['publish', tarball, '--dry-run', '--json', '--provenance=false', '--ignore-scripts'];
    const said = JSON.parse(run(folder, 'npm', ...words));
    const one = said[manifest.name] ?? said;
    if (one.id !== `${manifest.name}@${manifest.version}`) throw new Error(`${manifest.name}: got ${one.id}`);
    if (manifest.publishConfig?.access !== 'public' || manifest.publishConfig.provenance !== true) {
      throw new Error(`${manifest.name}: expected publishConfig with public access and provenance`);
    }
    if (manifest.repository?.directory === undefined) throw new Error(`${manifest.name}: expected its repository`);
  }
  return `npm would publish ${packed.length} packages, public and with provenance`;
}
