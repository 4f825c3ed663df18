// What is seen: a line for each thing that the worker says.
const worker = new Worker('worker.js', { type: 'module' });
worker.onmessage = ({ data }: MessageEvent<string>) => {
  const line = document.createElement('li');
  line.textContent = data;
  document.getElementById('log')?.append(line);
};
