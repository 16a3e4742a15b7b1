/*
 * app/memory.h: how much memory a step took, from /proc (Linux). 0 where it cannot be told.
 */
#ifndef TW_APP_MEMORY_H
#define TW_APP_MEMORY_H

#include <stdint.h>

int64_t tw_memory_peak(void); /* bytes resident at most since the last reset */
void tw_memory_reset_peak(void);

#endif
