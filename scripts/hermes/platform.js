// What React Native has and the bare VM has not, by name. An app gets them from React Native, or from the package beside it.
const missing = {
  // react-native-get-random-values. The VM has no source of entropy: the runner hands some in.
  crypto: () => {
    const pool = globalThis.ENTROPY.match(/../g).map((pair) => Number.parseInt(pair, 16));
    let next = 0;
    return {
      getRandomValues(view) {
        const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
        if (next + bytes.length > pool.length) throw new Error('the runner handed in too little entropy');
        for (let i = 0; i < bytes.length; i++) bytes[i] = pool[next++];
        return view;
      },
    };
  },
  // React Native's own.
  performance: () => ({ now: () => Date.now() }),
  AbortController: () => {
    return class {
      constructor() {
        this.listeners = [];
        this.signal = {
          aborted: false,
          addEventListener: (_, listener) => this.listeners.push(listener),
          removeEventListener: (_, listener) => {
            this.listeners = this.listeners.filter((other) => other !== listener);
          },
        };
      }
      abort(reason) {
        if (this.signal.aborted) return;
        this.signal.aborted = true;
        this.signal.reason = reason;
        for (const listener of this.listeners) listener();
      }
    };
  },
};

const named = [];
for (const [name, make] of Object.entries(missing)) {
  if (globalThis[name] !== undefined) continue;
  named.push(name);
  globalThis[name] = make();
}

/** The names of what had to be added. */
export const added = named;
