'use client';
import { useEffect } from 'react';
import { report } from '../report.js';

export default function Page() {
  useEffect(() => {
    void report(new Worker(new URL('../work.js', import.meta.url), { type: 'module' }));
  }, []);
  return <p>A federation is running in a worker.</p>;
}
