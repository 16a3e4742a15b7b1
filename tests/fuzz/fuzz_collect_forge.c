/*
 * Answers of the APIs of GitHub and GitLab, in any bytes. The first two bytes say of which service and kind; the rest is the
 * answer. Nothing is fetched: what asks for more hears that the service wants to be left alone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/forge/forge_content_int.h"
#include "collect/forge/forge_get_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const include[] = {"*.md", "*.txt", "*.html", NULL};
static const char *const code[] = {"*.c", NULL};
static const char tree_arg[] = "{\"branch\":\"main\",\"web\":\"https://x/blob/main\","
			       "\"license\":\"MIT\",\"project\":\"/projects/1\"}";
static const char *const args[] = {"/projects/1/issues/2", tree_arg, "user:ann"};

static void begin(struct forge *f, const struct forge_service *service)
{
	*f = (struct forge){.user = "ann",
			    .service = service,
			    .origin = "https://api.example.org",
			    .root = "",
			    .what = {service->words, 0},
			    .code = {code, 1},
			    .rules = {.include = {include, 3}, .max_size = 1 << 20},
			    .private_too = true,
			    .stopped = true};
	while (service->words[f->what.n])
		f->what.n++;
}

static void end(struct forge *f)
{
	f->task = (struct forge_task){0};
	forge_tasks_release(&f->children);
	tw_vec_release(&f->items);
	tw_arena_release(&f->page);
	tw_arena_release(&f->talk);
}

static void check(struct forge *f, struct tw_arena *a)
{
	for (size_t i = 0; i < f->items.n; i++) {
		const struct forge_item *it = &f->items.at[i];
		struct tw_document doc = {.key = it->key};
		if (!it->key || !it->stamp || !it->fill)
			abort();
		enum tw_status st = it->fill(&doc, f, it, a, NULL);
		if (st == TW_OK && doc.body.len && !tw_utf8_valid(doc.body.data, doc.body.len))
			abort();
		tw_arena_reset(a);
	}
	for (size_t i = 0; i < f->children.n; i++)
		if (f->children.at[i].path[0] != '/')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct tw_json *answer;
	struct tw_str body = TW_STR_INIT;
	struct tw_arena a;
	struct forge f;
	size_t n = 0;
	if (len < 2)
		return 0;
	tw_arena_init(&a);
	begin(&f, data[0] & 1 ? &forge_gitlab : &forge_github);
	while (f.service->kinds[n])
		n++;
	f.task = (struct forge_task){.kind = f.service->kinds[data[1] % n],
				     .path = (char *)"/lists",
				     .repo = (char *)"ann/boats",
				     .arg = (char *)(uintptr_t)args[(data[0] >> 1) % 3]};
	tw_str_add(&body, (const char *)data + 2, len - 2);
	forge_clean(tw_str_c(&body), &a);
	const char *next = forge_next_link(&body, &f, &a);
	if (*next && *next != '/')
		abort();
	if (forge_parse(&answer, &body, &f.page, NULL) == TW_OK) {
		f.task.kind->read(&f, &f.task, answer);
		check(&f, &a);
	}
	end(&f);
	tw_str_release(&body);
	tw_arena_release(&a);
	return 0;
}
