#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/plugins.h"
#include "app/print.h"
#include "base/filter.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "llm/llm_backends.h"
#include "trainer/ranks.h"
#include "trainer/trainers.h"

/* Findings: an object a check, and how many are bad. */
struct report {
	struct tw_app *app;
	struct tw_json_writer w;
	struct tw_str json;
	int bad;
};

static void add(struct report *r, bool ok, const char *what, const char *found, const char *do_this)
{
	tw_jw_object(&r->w, NULL);
	tw_jw_bool(&r->w, "ok", ok);
	tw_jw_str(&r->w, "check", what);
	tw_jw_str(&r->w, "found", found);
	tw_jw_str(&r->w, "do", ok ? "" : do_this);
	tw_jw_end(&r->w);
	r->bad += !ok;
}

static void check_machine(struct report *r)
{
	struct tw_arena *a = &r->app->arena;
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	int64_t memory = (int64_t)pages * size;
	add(r, true, "processor cores", tw_sprintf(a, "%d", tw_cores()), "");
	const char *kernels = tw_training_kernels();
	add(r, strcmp(kernels, "plain C") != 0, "matrix products", kernels,
	    "training is several times faster with AVX2 or with OpenBLAS (Debian: libopenblas0)");
	add(r, true, "training on a GPU", tw_training_gpu(a), "");
	add(r, memory >= (int64_t)2 << 30, "memory", tw_human_size(a, memory),
	    "training the default model takes about 2 GB");
	add(r, true, "several machines", tw_ranks_text(), "");
	const char *dir = r->app->conf ? r->app->conf->dir : ".";
	int64_t free_bytes = tw_disk_free(dir);
	add(r, free_bytes >= (int64_t)1 << 30, "free disk", tw_human_size(a, free_bytes),
	    "free some space: features and models need room");
}

/* What parses documents is shut in as far as the kernel can. */
static void check_sandbox(struct report *r)
{
	struct tw_str lacks = TW_STR_INIT;
	tw_sandbox_lacks(&lacks, tw_sandbox_probe());
	add(r, !lacks.len, "sandbox",
	    lacks.len ? tw_sprintf(&r->app->arena, "no %s", lacks.data)
		      : "Landlock, seccomp and limits",
	    "collect from sources that you trust only, or run Linux 5.13 or newer with Landlock and seccomp "
	    "switched on (containers may forbid them)");
	tw_str_release(&lacks);
}

static void check_programs(struct report *r)
{
	const char *pdf = tw_filter_find("pdftotext", &r->app->arena);
	add(r, true, "pdftotext",
	    pdf ? pdf
		: "none, so PDF is not read; it is optional (Debian: apt-get install "
		  "poppler-utils)",
	    "");
}

static void check_llm(struct report *r)
{
	struct tw_llm *llm;
	struct tw_err err = TW_ERR_INIT;
	const struct tw_llm_options o = {.http = r->app->http,
					 .dir = r->app->conf ? r->app->conf->dir : NULL};
	const char *spec = r->app->conf ? r->app->conf->llm : tw_llm_default_spec;
	if (tw_llm_open(&llm, tw_llms, spec, &o, &err) != TW_OK) {
		add(r, false, "LLM", spec, err.msg);
		return;
	}
	const struct tw_llm_info *i = tw_llm_info(llm);
	const struct tw_digest none = tw_sha256("", 0);
	const bool plain = tw_streq(i->template_digest.hex, none.hex);
	add(r, true, "LLM",
	    tw_sprintf(&r->app->arena, "%s (%s, context %d%s)", spec, i->name, i->context,
		       plain ? ", no chat template: prompts are plain text" : ""),
	    "");
	tw_llm_close(llm);
}

static void check_embedder(struct report *r)
{
	struct tw_embedder *e;
	struct tw_err err = TW_ERR_INIT;
	const struct tw_llm_options o = {.http = r->app->http,
					 .dir = r->app->conf ? r->app->conf->dir : NULL};
	const char *spec = r->app->conf ? r->app->conf->embedder : tw_embedder_default_spec;
	if (tw_embedder_open(&e, tw_embedders, spec, &o, &err) != TW_OK) {
		add(r, false, "embedder", spec, err.msg);
		return;
	}
	const struct tw_embedder_info *i = tw_embedder_info(e);
	add(r, true, "embedder", tw_sprintf(&r->app->arena, "%s (%d dimensions)", spec, i->dim),
	    "");
	tw_embedder_close(e);
}

static void check_stores(struct report *r)
{
	struct tw_err err = TW_ERR_INIT;
	if (!r->app->conf) {
		add(r, true, "twin.yaml", "none here", "");
		return;
	}
	add(r, true, "twin.yaml", r->app->conf->path, "");
	if (!tw_exists(r->app->conf->state))
		return;
	enum tw_status st = tw_app_open(r->app, false, &err);
	add(r, st == TW_OK, "stores", st == TW_OK ? r->app->conf->state : err.msg,
	    "restore .twin from a backup, or remove it and run `twin run`");
	if (st == TW_OK)
		tw_info("checking stored files");
	struct tw_model_versions models = {0};
	if (st == TW_OK && tw_mr_models(&models, r->app->mr, &r->app->arena, NULL) != TW_OK)
		models.n = 0;
	for (size_t i = 0; i < models.n; i++) {
		const struct tw_model_version *v = &models.at[i];
		struct tw_err why = TW_ERR_INIT;
		if (v->adapter[0] && tw_blob_verify(r->app->blobs, v->adapter, &why) != TW_OK)
			add(r, false, tw_sprintf(&r->app->arena, "file of model v%d", v->version),
			    why.msg, "train again: `twin train --force`");
	}
}

/* A model's name comes out of its file. */
static void print_plain(const char *s)
{
	struct tw_str plain = TW_STR_INIT;
	tw_text_plain(&plain, s, strlen(s), "\n\t");
	printf("%s\n", tw_str_c(&plain));
	tw_str_release(&plain);
}

static void print(struct report *r)
{
	if (r->app->json) {
		tw_print_json(&r->json);
		return;
	}
	struct tw_json *list = NULL;
	if (tw_json_parse(&list, tw_str_c(&r->json), r->json.len, &r->app->arena, NULL) != TW_OK)
		return;
	for (const struct tw_json *v = list->child; v; v = v->next) {
		bool ok = tw_json_bool(tw_json_get(v, "ok"), false);
		printf("%s%s%s  %-16s ", tw_color(stdout, ok ? "green" : "red"),
		       ok ? "ok     " : "MISSING", tw_color(stdout, "reset"),
		       tw_json_str(tw_json_get(v, "check"), ""));
		print_plain(tw_json_str(tw_json_get(v, "found"), ""));
		if (!ok) {
			printf("         ");
			print_plain(tw_json_str(tw_json_get(v, "do"), ""));
		}
	}
}

static enum tw_status doctor(struct tw_app *app, const void *opts, char *const *args, int n,
			     struct tw_err *err)
{
	(void)opts;
	(void)args;
	(void)n;
	struct report r = {.app = app};
	tw_jw_init(&r.w, &r.json);
	tw_jw_array(&r.w, NULL);
	check_machine(&r);
	check_sandbox(&r);
	check_programs(&r);
	check_llm(&r);
	check_embedder(&r);
	check_stores(&r);
	tw_jw_end(&r.w);
	print(&r);
	tw_str_release(&r.json);
	if (r.bad)
		return tw_fail(err, TW_BLOCKED, "%d thing%s missing; what to do stands above",
			       r.bad, r.bad == 1 ? " is" : "s are");
	return TW_OK;
}

const struct tw_command tw_cmd_doctor = {
	.name = "doctor",
	.help = "Say what is missing on this machine, and how to get it",
	.flags = TW_CMD_ANYWHERE | TW_CMD_OPTIONAL_CONF,
	.run = doctor,
};
