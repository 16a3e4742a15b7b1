/*
 * Who wrote a message in WhatsApp's text export: what stands before the first ": ". But
 * a name may have that itself, and then all messages of its owner go on alike.
 */
#include <stdlib.h>
#include <string.h>

#include "collect/export/whatsapp_int.h"

#define MAX_NAME    200	 /* bytes */
#define MAX_SENDERS 4096 /* told apart in a chat */
#define CERTAIN	    3	 /* messages that go on alike */

struct sender {
	char *longest; /* what stood before a later ": " of all messages; NULL none */
	long n;
};

/* The first ':' from there on that may end a name; 0 none. */
static size_t find_colon(const char *s, size_t len, size_t from)
{
	size_t most = len < MAX_NAME ? len : MAX_NAME;
	for (size_t i = from; i < most; i++)
		if (s[i] == ':' && (i + 1 == len || s[i + 1] == ' ' || s[i + 1] == '\r'))
			return i;
	return 0;
}

static bool is_own_name(const struct export_in *x, const char *s, size_t len)
{
	struct tw_str name = TW_STR_INIT;
	whatsapp_name(&name, s, len);
	bool own = export_is_author(x, tw_str_c(&name));
	tw_str_release(&name);
	return own;
}

size_t whatsapp_own_name(const struct export_in *x, const char *s, size_t len)
{
	for (size_t i = find_colon(s, len, 0); i; i = find_colon(s, len, i + 1))
		if (is_own_name(x, s, i))
			return i;
	return 0;
}

/* Notices name what was changed in quotes: Ann changed the subject to "Plan: B". */
static bool is_no_name(const char *s, size_t len)
{
	static const char *const quotes[] = {"\"", "“", "”", "«", "„", "「"};
	for (size_t i = 0; i < sizeof(quotes) / sizeof(*quotes); i++)
		if (memmem(s, len, quotes[i], strlen(quotes[i])))
			return true;
	return false;
}

static bool goes_on(const char *s, size_t len, const char *name)
{
	size_t n = strlen(name);
	return n < len && memcmp(s, name, n) == 0 && s[n] == ':';
}

static void begin_longest(struct sender *to, const char *s, size_t len, size_t name)
{
	size_t last = 0;
	for (size_t i = find_colon(s, len, name + 1); i; i = find_colon(s, len, i + 1))
		last = i;
	if (!last)
		return;
	to->longest = tw_xcalloc(1, last + 1);
	memcpy(to->longest, s, last);
}

/* Back to the last ':' up to which this message is like those before. */
static void shorten_longest(struct sender *to, const char *s, size_t len, size_t name)
{
	while (to->longest && !goes_on(s, len, to->longest)) {
		char *colon = strrchr(to->longest, ':');
		if (colon && (size_t)(colon - to->longest) > name) {
			*colon = '\0';
			continue;
		}
		free(to->longest);
		to->longest = NULL;
	}
}

void whatsapp_senders_learn(struct whatsapp_senders *w, const char *s, size_t len)
{
	size_t name = find_colon(s, len, 0);
	if (!name || is_no_name(s, name))
		return;
	const struct tw_map_slot *slot = tw_map_find(&w->all, s, name);
	struct sender *one = slot ? slot->v.p : NULL;
	if (!one && w->all.n >= MAX_SENDERS)
		return;
	if (!one) {
		one = tw_xcalloc(1, sizeof(*one));
		tw_map_at(&w->all, s, name)->v.p = one;
	}
	if (one->n++)
		shorten_longest(one, s, len, name);
	else
		begin_longest(one, s, len, name);
}

static const char *longer_name(const struct sender *one)
{
	return one && one->n >= CERTAIN ? one->longest : NULL;
}

size_t whatsapp_sender(const struct whatsapp_senders *w, const char *s, size_t len)
{
	size_t name = find_colon(s, len, 0);
	if (!name || is_no_name(s, name))
		return 0;
	const struct tw_map_slot *slot = tw_map_find(&w->all, s, name);
	const char *longer = slot ? longer_name(slot->v.p) : NULL;
	return longer && goes_on(s, len, longer) ? strlen(longer) : name;
}

void whatsapp_senders_note(struct writers *to, const struct whatsapp_senders *w)
{
	const struct tw_map_slot *s;
	for (size_t it = 0; (s = tw_map_next(&w->all, &it));) {
		const char *longer = longer_name(s->v.p), *name = longer ? longer : s->key;
		struct tw_str clean = TW_STR_INIT;
		whatsapp_name(&clean, name, strlen(name));
		writers_note(to, tw_str_c(&clean));
		tw_str_release(&clean);
	}
}

void whatsapp_senders_release(struct whatsapp_senders *w)
{
	const struct tw_map_slot *s;
	for (size_t it = 0; (s = tw_map_next(&w->all, &it));) {
		free(((struct sender *)s->v.p)->longest);
		free(s->v.p);
	}
	tw_map_release(&w->all);
}
