// A worker that holds a whole federation, server and clients, and says what came of it.
import { federations } from './federations.mjs';

self.onmessage = async () => {
  try {
    self.postMessage(await federations());
  } catch (error) {
    self.postMessage({ error: `${error.stack}` });
  }
};
