/** Above every key of the layout, which begins with a byte below 255. */
export const endOfKeys = Buffer.alloc(64, 255)
