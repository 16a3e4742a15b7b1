#include "core/grounding.h"

#include "base/time.h"

void tw_grounding_passage(struct tw_str *out, size_t n, const struct tw_passage *p,
			  const char *text, size_t len)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const char *date = tw_format_date(&a, p->created_ms);
	const char *title = p->title && p->title[0] ? p->title : p->key ? p->key : "untitled";
	tw_str_addf(out, "[%zu] %s", n, title);
	if (p->heading && p->heading[0] && !tw_streq(p->heading, title))
		tw_str_addf(out, ": %s", p->heading);
	if (date[0])
		tw_str_addf(out, " (%s)", date);
	tw_str_addc(out, '\n');
	tw_str_add(out, text, len);
	tw_str_adds(out, "\n\n");
	tw_arena_release(&a);
}

void tw_grounding_message(struct tw_str *out, const char *const *passages, size_t n,
			  const char *question)
{
	tw_str_adds(out, "Here is what you have written about it:\n\n");
	for (size_t i = 0; i < n; i++)
		tw_str_adds(out, passages[i]);
	tw_str_addf(
		out,
		"Answer from these passages alone, briefly, and name their numbers like [1].\n\n"
		"Question: %s",
		question);
}
