/**
 * Marks of the ZIP format that both its reader and its writer know. APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12 to 4.3.16, 4.5.3.
 *
 * @module
 */
export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
export const END_64 = 0x06064b50;
export const END_64_LOCATOR = 0x07064b50;
/** The extra field of numbers that 32 bits do not hold. */
export const ZIP64 = 1;
/** In the place of such a number. */
export const IN_ZIP64 = 0xffffffff;
/** In the place of a number of files that 16 bits do not hold. */
export const MANY = 0xffff;
