/** Places steps beside the page, which stays smooth meanwhile. One question, one answer, in their order. */
import type { Step } from './document';
import { placeSteps } from './placing';

self.onmessage = ({ data }: MessageEvent<readonly Step[]>) => self.postMessage(placeSteps(data));
