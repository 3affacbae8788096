export const v1: number = 1;
