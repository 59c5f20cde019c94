/** How large a step is drawn, in pixels. */
export const STEP_WIDTH = 248;
export const STEP_HEIGHT = 92;
