#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"

struct init {
	const char *name, *posts, *git, *feed, *site, *github;
};

static const struct tw_opt opts[] = {
	{"name", TW_OPT_STRING, offsetof(struct init, name), .help = "whose twin this is"},
	{"posts", TW_OPT_STRING, offsetof(struct init, posts),
	 .help = "folder with the writing, relative to DIR (default: DIR itself)"},
	{"git", TW_OPT_STRING, offsetof(struct init, git),
	 .help = "git repository, a path or a URL"},
	{"feed", TW_OPT_STRING, offsetof(struct init, feed), .help = "RSS, Atom or JSON feed"},
	{"site", TW_OPT_STRING, offsetof(struct init, site), .help = "web site, by its front page"},
	{"github", TW_OPT_STRING, offsetof(struct init, github),
	 .help = "user of GitHub: repositories, issues, reviews, comments, gists"},
	{0},
};

/* A quoted YAML scalar: JSON's quoting is YAML's too. */
static void add_quoted(struct tw_str *s, const char *text)
{
	struct tw_json_writer w;
	tw_jw_init(&w, s);
	tw_jw_str(&w, NULL, text);
}

static void add_source(struct tw_str *s, const char *before, const char *where, const char *behind)
{
	if (!where)
		return;
	tw_str_adds(s, before);
	add_quoted(s, where);
	tw_str_adds(s, behind);
}

static void add_sources(struct tw_str *s, const struct init *o)
{
	tw_str_adds(
		s,
		"# Where your writing is. As many as you like; `twin help collect` lists the types.\nsources:\n");
	bool elsewhere = o->git || o->feed || o->site || o->github;
	add_source(s, "  - type: dir                # Markdown, text, HTML, DOCX, …\n    path: ",
		   o->posts || elsewhere ? o->posts : ".", "\n");
	add_source(s, "  - type: git\n    url: ", o->git,
		   "\n    # author: [me@example.org]  # only files that you have written\n");
	add_source(s, "  - type: feed\n    url: ", o->feed, "\n");
	add_source(s, "  - type: site\n    url: ", o->site,
		   "\n    # author: [Your Name]  # leaves out pages that name another author\n");
	add_source(
		s, "  - type: github\n    user: ", o->github,
		"\n    # with a token in GITHUB_TOKEN, which needs no rights for what is public\n");
}

static const char body[] =
	"\n"
	"# Models. The defaults are small and run anywhere. A larger one is one line:\n"
	"#   llm: llama:/models/qwen2.5-7b-instruct-q4_k_m.gguf     (any GGUF, in this process)\n"
	"#   llm: openai:http://127.0.0.1:11434/v1#llama3.2         (any OpenAI-compatible server)\n"
	"# models:\n"
	"#   llm: llama:NAME.gguf\n"
	"#   embedder: llama:NAME.gguf\n"
	"\n"
	"# Features computed from each document. `twin help features` lists every view and option.\n"
	"features:\n"
	"  chunks:\n"
	"    max_tokens: 200          # budget of a passage, in the embedder's tokens\n"
	"  questions:\n"
	"    share: 0.05              # part of the documents for which the LLM writes a question: the slow step\n"
	"\n"
	"# Fine-tuning (LoRA). `twin help train` lists every option.\n"
	"training:\n"
	"  trainer: native\n"
	"  epochs: 2\n"
	"  max_steps: 60              # caps the time; 0 trains all epochs\n"
	"\n"
	"# Curves on an MLflow server while it trains; without it they stay here: `twin show run`.\n"
	"# tracking: {url: \"http://127.0.0.1:5000\"}\n"
	"\n"
	"# A new model is promoted only when these hold. `twin help eval` lists every figure.\n"
	"evaluation:\n"
	"  max_test_loss_ratio: 1.0   # adapted against base, on text that it has not seen\n"
	"\n"
	"# retrieval: {k: 5}          # `twin help search`\n"
	"# answer: {max_tokens: 256}  # `twin help ask`\n"
	"# serve: {port: 8117}        # `twin help serve`\n";

static enum tw_status write_config(const char *path, const char *name, const struct init *o,
				   struct tw_err *err)
{
	struct tw_str s = TW_STR_INIT;
	tw_str_adds(&s,
		    "# Twin: `twin run` brings everything up to date, `twin ask \"…\"` asks.\n\n"
		    "# Whose twin this is.\ntwin: ");
	add_quoted(&s, name);
	tw_str_adds(&s, "\n\n");
	add_sources(&s, o);
	tw_str_adds(&s, body);
	enum tw_status st = tw_write_file(path, tw_str_c(&s), s.len, err);
	tw_str_release(&s);
	return st;
}

static void print_path(const char *path)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "config", path);
	tw_jw_end(&w);
	tw_print_json(&s);
	tw_str_release(&s);
}

static enum tw_status init(struct tw_app *app, const void *options, char *const *args, int n,
			   struct tw_err *err)
{
	const struct init *o = options;
	struct tw_arena *a = &app->arena;
	const char *base = app->dir ? app->dir : ".";
	const char *dir = !n ? base : app->dir ? tw_path_join(a, base, args[0]) : args[0];
	const char *path = tw_path_join(a, dir, "twin.yaml");
	const char *state = tw_path_join(a, dir, ".twin");
	if (tw_exists(path))
		return tw_fail(err, TW_CONFLICT, "%s is there already; edit it, or remove it first",
			       path);
	const char *user = getenv("USER");
	enum tw_status st = tw_mkdirs(state, err);
	if (st == TW_OK) /* what Twin computes does not belong in the author's repository */
		st = tw_write_file(tw_path_join(a, state, ".gitignore"), "*\n", 2, err);
	if (st == TW_OK)
		st = write_config(path,
				  o->name	  ? o->name
				  : user && *user ? user
						  : "the author",
				  o, err);
	if (st != TW_OK)
		return st;
	if (app->json)
		print_path(path);
	tw_info("wrote %s", path);
	tw_info("next: look it over, then `twin%s%s run`", strcmp(dir, ".") ? " -C " : "",
		strcmp(dir, ".") ? dir : "");
	return TW_OK;
}

const struct tw_command tw_cmd_init = {
	.name = "init",
	.args = "[DIR]",
	.help = "Write twin.yaml, with comments that teach",
	.more = "  twin init --name Mara --posts posts\n"
		"  twin init ~/blog --feed https://example.org/feed.xml",
	.opts = opts,
	.opts_size = sizeof(struct init),
	.max_args = 1,
	.flags = TW_CMD_ANYWHERE,
	.run = init,
};
