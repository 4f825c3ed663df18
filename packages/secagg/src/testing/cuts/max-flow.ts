/**
 * Maximum flow in a bipartite graph with unit edges (Dinic 1970): which holder marks which client as dropped.
 *
 * @module
 */

/**
 * Assigns to each of `demands.length` sinks its demand of different sources out of `allowed`, each source at most
 * `supplies[source]` times; `undefined` where that cannot be.
 *
 * @param allowed - For each sink the sources that may serve it.
 * @returns For each sink the sources that do.
 * @complexity O(edges · √nodes).
 */
export function assign(
  supplies: readonly number[],
  demands: readonly number[],
  allowed: readonly (readonly number[])[],
): number[][] | undefined {
  // Nodes: 0 the source, 1 … the holders, then the demanders, then the end.
  const end = 1 + supplies.length + demands.length;
  const to: number[] = [];
  const room: number[] = [];
  const edges: number[][] = Array.from({ length: end + 1 }, () => []);
  const connect = (from: number, into: number, capacity: number): void => {
    edges[from].push(to.push(into) - 1);
    room.push(capacity);
    edges[into].push(to.push(from) - 1);
    room.push(0);
  };
  supplies.forEach((supply, i) => connect(0, 1 + i, supply));
  allowed.forEach((sources, j) => {
    for (const i of sources) connect(1 + i, 1 + supplies.length + j, 1);
  });
  demands.forEach((demand, j) => connect(1 + supplies.length + j, end, demand));

  let flow = 0;
  const wanted = demands.reduce((sum, demand) => sum + demand, 0);
  for (;;) {
    const level = levels(edges, to, room, end);
    if (level[end] < 0) break;
    const next = Array.from({ length: end + 1 }, () => 0);
    const push = (node: number, most: number): number => {
      if (node === end) return most;
      for (; next[node] < edges[node].length; next[node]++) {
        const edge = edges[node][next[node]];
        if (room[edge] === 0 || level[to[edge]] !== level[node] + 1) continue;
        const sent = push(to[edge], Math.min(most, room[edge]));
        if (sent === 0) continue;
        room[edge] -= sent;
        room[edge ^ 1] += sent;
        return sent;
      }
      return 0;
    };
    for (let sent = push(0, Infinity); sent > 0; sent = push(0, Infinity)) flow += sent;
  }
  if (flow < wanted) return undefined;
  return allowed.map((_, j) =>
    edges[1 + supplies.length + j].filter((edge) => to[edge] !== end && room[edge] === 1).map((edge) => to[edge] - 1),
  );
}

function levels(edges: readonly number[][], to: readonly number[], room: readonly number[], end: number): number[] {
  const level = Array.from({ length: end + 1 }, () => -1);
  level[0] = 0;
  const queue = [0];
  for (const node of queue) {
    for (const edge of edges[node]) {
      if (room[edge] === 0 || level[to[edge]] >= 0) continue;
      level[to[edge]] = level[node] + 1;
      queue.push(to[edge]);
    }
  }
  return level;
}
