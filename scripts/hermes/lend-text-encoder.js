// The curves of `@noble/curves` encode names as they load. React Native has an encoder since 0.74; this VM has none, and nothing of ours
// asks for one, so that it is lent for as long as they load.
if (globalThis.TextEncoder === undefined) {
  globalThis.lentTextEncoder = true;
  globalThis.TextEncoder = class {
    encode(text) {
      return Uint8Array.from(unescape(encodeURIComponent(text)), (character) => character.charCodeAt(0));
    }
  };
}
