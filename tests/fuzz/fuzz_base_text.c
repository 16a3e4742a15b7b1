/* Text in any bytes: repaired, composed, cut and spanned without leaving its bounds. */
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/text.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_spans(struct tw_spans v, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (v.at[i].start < at || v.at[i].end <= v.at[i].start || v.at[i].end > len)
			abort();
		at = v.at[i].end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *s = (const char *)data;
	struct tw_str out = TW_STR_INIT;
	struct tw_arena a;
	int64_t ms;
	char *copy;

	tw_arena_init(&a);
	copy = tw_strndup(&a, s, len);
	tw_utf8_repair(&out, s, len);
	if (!tw_utf8_valid(tw_str_c(&out), out.len) || tw_utf8_floor(s, len) > len)
		abort();
	tw_str_clear(&out);
	tw_text_nfc(&out, s, len);
	tw_text_fold(&out, s, len);
	if (!tw_utf8_valid(tw_str_c(&out), out.len))
		abort();
	check_spans(tw_text_sentences(s, len, &a), len);
	check_spans(tw_text_words(s, len, &a), len);
	tw_text_detect_charset(s, len, &a);
	tw_parse_date(&ms, copy);
	tw_url_resolve(&a, "http://a/b/c/d;p?q", copy);
	tw_url_resolve(&a, copy, "../x");
	tw_url_host(&a, copy);
	tw_arena_release(&a);
	tw_str_release(&out);
	return 0;
}
