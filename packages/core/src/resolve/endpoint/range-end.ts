/** The last line of an answer to `range`: without it the answer broke off. */
export const rangeEnd = '{"end":true}'
