// What came of federations in a worker and in a service worker of this page, to whoever serves it.
async function inWorker(worker) {
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage('go');
  return answer;
}

async function inServiceWorker(url) {
  await navigator.serviceWorker.register(url);
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  active.postMessage('go', [port2]);
  return answer;
}

export async function report(worker, service) {
  const answer = {};
  try {
    answer.worker = await inWorker(worker);
    if (service !== undefined) answer.service = await inServiceWorker(service);
  } catch (error) {
    answer.error = `${error?.stack ?? error}`;
  }
  await fetch('/done', { method: 'POST', body: JSON.stringify(answer) });
}
