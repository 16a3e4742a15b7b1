/*
 * collect/export/kindle_int.h: what Kindles say of a clipping, in the languages that they speak.
 */
#ifndef TW_COLLECT_KINDLE_INT_H
#define TW_COLLECT_KINDLE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

enum kindle_kind { KINDLE_PASSAGE, KINDLE_NOTE, KINDLE_BOOKMARK };

/* By the words for it. What has none that is known counts as a passage: a quotation is never taken for the
 * reader's words. */
enum kindle_kind kindle_kind_of(const char *said, struct tw_arena *a);

/* "Added on Sunday, December 18, 2022 3:19:56 PM" and the like; 0 when there is no date in it. The clock's zone is not
 * said, and taken as UTC. */
int64_t kindle_date(const char *said, struct tw_arena *a);

/* The last number of a text, or the last range ("233-235", "3332-34"); 0 when there is none. */
void kindle_place(double *from, double *to, const char *said);

#endif
