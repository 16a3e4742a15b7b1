/*
 * base/base_int.h: what files of base/ share and nobody else sees.
 */
#ifndef TW_BASE_INT_H
#define TW_BASE_INT_H

#include <stdbool.h>

struct sockaddr;
struct tw_talk;

/*
 * NULL when a client may connect to the address, else what is wrong with it:
 * "a loopback address". Judges the address of the socket, so names, redirects
 * and odd spellings of numbers can't go around it.
 */
const char *tw_addr_refused(const struct sockaddr *addr, bool allow_private);

/* By LC_ALL, LC_CTYPE and LANG, the first that is set. */
bool tw_locale_is_utf8(void);

/* Guards what is written to stderr: the log's lines and the progress bar. A thread may take it twice. */
void tw_talk_lock(void);
void tw_talk_unlock(void);

/* Who talks in place of this process, NULL: nobody. */
const struct tw_talk *tw_talk_other(void);

#endif
