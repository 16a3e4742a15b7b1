/*
 * base/stop.h: a polite stop.
 *
 * SIGINT and SIGTERM set a flag; long work asks tw_stopping() between items,
 * saves what it has, and returns TW_CANCELLED. A second SIGINT ends the process.
 */
#ifndef TW_BASE_STOP_H
#define TW_BASE_STOP_H

#include <stdbool.h>

void tw_stop_install(void); /* once, from main() */
bool tw_stopping(void);

#endif
