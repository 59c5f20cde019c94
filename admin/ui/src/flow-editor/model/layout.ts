/** Places for steps. Of a few they are worked out here; of many by a worker, as the page would stand still meanwhile. */
import type { Place, Step } from './document';

export { STEP_HEIGHT, STEP_WIDTH } from './sizes';

const MANY = 40; // steps that take longer than a frame or two

/** Gives every step a place. Steps that nothing leads to stand beside the others. */
export async function layOut(steps: readonly Step[]): Promise<Record<string, Place>> {
  if (steps.length <= MANY || typeof Worker === 'undefined') return (await import('./placing')).placeSteps(steps);
  const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Record<string, Place>>) => resolve(data);
      worker.onerror = () => reject(new Error('The steps could not be arranged.'));
      worker.postMessage(steps);
    });
  } finally {
    worker.terminate();
  }
}
