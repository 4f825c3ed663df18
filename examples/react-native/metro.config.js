// What Metro needs to know for fedkit: nothing but that packages have `exports`, which it follows by itself from 0.82 on.
const { getDefaultConfig, mergeConfig } = require('@react-native/metro-config');

module.exports = mergeConfig(getDefaultConfig(__dirname), {
  resolver: { unstable_enablePackageExports: true },
});
