/* A person and an assistant, turn by turn. */
#include "collect/export/exchange_int.h"
#include "collect/export/export_int.h"

void dialogue_add(struct dialogue *d, bool own, const struct tw_str *text)
{
	if (!text->len)
		exchange_break(&d->exchanges);
	else if (own)
		exchange_said(&d->exchanges, tw_str_c(text), 0);
	else
		exchange_heard(&d->exchanges, tw_str_c(text), 0);
	if (own)
		export_add_paragraph(&d->said, tw_str_c(text));
}

void dialogue_end(struct tw_document *doc, struct dialogue *d, struct tw_arena *a)
{
	struct export_tags tags = {.exchanges = exchanges_take(&d->exchanges, a)};
	doc->extra = export_tags(&tags, a);
	export_set_body(doc, "text/plain", tw_str_dup(&d->said, a));
	exchanges_release(&d->exchanges);
	tw_str_release(&d->said);
}
