// Bundles for React Native as an app's own Metro would: `node metro.cjs <entry> <out> [--minify]` in the app's folder.
const Metro = require('metro');

async function bundle(entry, out, minify) {
  const config = await Metro.loadConfig(
    { cwd: __dirname },
    {
      projectRoot: __dirname,
      resolver: { useWatchman: false, sourceExts: ['js', 'mjs', 'ts', 'json'] },
      transformer: { babelTransformerPath: require.resolve('@react-native/metro-babel-transformer') },
      serializer: { getPolyfills: () => [] },
      cacheStores: [],
      maxWorkers: 1,
      reporter: { update() {} },
    },
  );
  await Metro.runBuild(config, { entry, out, dev: false, minify, platform: 'android' });
}

const [entry, out, ...options] = process.argv.slice(2);
bundle(entry, out, options.includes('--minify')).catch((error) => {
  console.error(error);
  process.exit(1);
});
