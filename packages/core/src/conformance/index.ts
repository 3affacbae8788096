export const c: number = 1;
