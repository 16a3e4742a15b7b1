/* Bodies of the API: what is taken has a question and numbers within their bounds. */
#include <stdlib.h>
#include <string.h>

#include "serve/chat_request.h"
#include "serve/embed_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_chat(const struct tw_chat_request *r)
{
	if (!r->question || !r->question[0] || r->max_tokens < 0 || r->temperature > 2 ||
	    r->top_p > 1)
		abort();
	for (size_t i = 0; i < r->n_history; i++)
		if (strcmp(r->history[i].role, i % 2 ? "assistant" : "user") != 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tw_arena a;
	struct tw_chat_request chat;
	struct tw_embed_request embed;
	struct tw_api_error e;
	const char *text = (const char *)data;
	tw_arena_init(&a);
	if (tw_chat_request_parse(&chat, text, size, &a, &e))
		check_chat(&chat);
	else if (e.status != 400 || !e.msg[0])
		abort();
	if (tw_completion_request_parse(&chat, text, size, &a, &e))
		check_chat(&chat);
	else if (e.status != 400 || !e.msg[0])
		abort();
	if (tw_embed_request_parse(&embed, text, size, &a, &e)) {
		if (embed.n < 1 || embed.n > TW_EMBED_MAX_TEXTS)
			abort();
	} else if (e.status != 400 || !e.msg[0]) {
		abort();
	}
	tw_arena_release(&a);
	return 0;
}
