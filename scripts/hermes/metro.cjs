// Bundles main.js for React Native as an app's own Metro would: `node metro.cjs <out>` in the app's folder.
const Metro = require('metro');

async function bundle(out) {
  const config = await Metro.loadConfig(
    { cwd: __dirname },
    {
      projectRoot: __dirname,
      resolver: { useWatchman: false, sourceExts: ['js', 'mjs', 'json'] },
      transformer: { babelTransformerPath: require.resolve('@react-native/metro-babel-transformer') },
      serializer: { getPolyfills: () => [] },
      cacheStores: [],
      maxWorkers: 1,
      reporter: { update() {} },
    },
  );
  await Metro.runBuild(config, { entry: 'main.js', out, dev: false, minify: false, platform: 'android' });
}

bundle(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
