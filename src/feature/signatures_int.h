/*
 * feature/signatures_int.h: the shape of a signature: signatures.c writes it,
 * duplicates.c compares it.
 */
#ifndef TW_FEATURE_SIGNATURES_INT_H
#define TW_FEATURE_SIGNATURES_INT_H

#define SIGNATURE_LEN 128 /* 32-bit minima */

#endif
