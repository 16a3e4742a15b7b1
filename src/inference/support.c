#include "inference/support.h"

#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "inference/function_words.h"

/* "replaced" and "replace" are the same word here: the beginnings are compared. */
#define STEM 5

struct reader {
	struct tw_map *stems;
	size_t words, known; /* of content */
	bool learn;	     /* else count what is known */
};

static void take(struct reader *r, const char *word)
{
	char stem[STEM * 4 + 1];
	size_t at = 0, len = strlen(word);
	if (len < 2 || tw_is_function_word(word))
		return;
	for (int i = 0; i < STEM && at < len; i++)
		do
			at++;
		while (at < len && ((unsigned char)word[at] & 0xc0) == 0x80);
	if (at > sizeof(stem) - 1)
		at = tw_utf8_floor(word, sizeof(stem) - 1);
	memcpy(stem, word, at);
	stem[at] = '\0';
	if (r->learn) {
		tw_map_set_int(r->stems, stem, 1);
		return;
	}
	r->words++;
	r->known += tw_map_has(r->stems, stem);
}

static void read(struct reader *r, const char *text, struct tw_arena *a)
{
	struct tw_str word = TW_STR_INIT;
	struct tw_spans spans = tw_text_words(text, strlen(text), a);
	for (size_t i = 0; i < spans.n; i++) {
		size_t from = spans.at[i].start;
		tw_str_clear(&word);
		tw_text_fold(&word, text + from, spans.at[i].end - from);
		take(r, tw_str_c(&word));
	}
	tw_str_release(&word);
}

double tw_support(const char *answer, const char *question, const struct tw_answer_source *s,
		  size_t n, struct tw_arena *a)
{
	struct tw_map stems = TW_MAP_INIT;
	struct reader r = {.stems = &stems, .learn = true};
	if (n == 0)
		return -1;
	read(&r, question, a);
	for (size_t i = 0; i < n; i++) {
		read(&r, s[i].title, a);
		read(&r, s[i].heading, a);
		read(&r, s[i].text, a);
	}
	r.learn = false;
	read(&r, answer, a);
	tw_map_release(&stems);
	return r.words == 0 ? -1 : (double)r.known / (double)r.words;
}
