#include "app/command.h"
#include "app/serving.h"
#include "base/fs.h"
#include "collect/collect.h"
#include "serve/server.h"

struct serve {
	const char *model, *address;
	int64_t port;
};

static const struct tw_opt opts[] = {
	{"model", TW_OPT_STRING, offsetof(struct serve, model),
	 .help = "v2, an alias, or base (default: what is deployed, and it follows promotions)"},
	{"address", TW_OPT_STRING, offsetof(struct serve, address),
	 .help = "to listen on (default: as in twin.yaml)"},
	{"port", TW_OPT_INT, offsetof(struct serve, port), .def = "-1", .min = -1, .max = 65535,
	 .help = "0: any free one; -1: as in twin.yaml"},
	{0},
};

static enum tw_status serve(struct tw_app *app, const void *options, char *const *args, int n,
			    struct tw_err *err)
{
	(void)args;
	(void)n;
	const struct serve *o = options;
	struct tw_serve_options so = {0};
	const struct tw_http_policy policy = {.offline = app->offline, .allow_private = true};
	struct tw_inference_env env = tw_inference_env_of(app);
	enum tw_status st = tw_config_read(&so, tw_serve_opts, app->conf, "serve", err);
	if (st == TW_OK)
		st = tw_http_new(&env.embed_http, &policy, err);
	if (st != TW_OK)
		return st;
	const struct tw_inbox inbox =
		tw_inbox_of(tw_path_join(&app->arena, app->conf->dir, TW_INBOX));
	so.inbox = &inbox;
	if (o->address)
		so.address = o->address;
	if (o->port >= 0)
		so.port = o->port;
	st = tw_serve(&env, &so, o->model, err);
	tw_http_free(env.embed_http);
	return st;
}

static void describe(struct tw_str *out)
{
	tw_str_adds(out, "Keys under `serve:` in twin.yaml:\n");
	tw_opt_help(out, tw_serve_opts);
}

const struct tw_command tw_cmd_serve = {
	.name = "serve",
	.help = "Serve the twin over HTTP: OpenAI-compatible API and a page to talk to it",
	.more = "  curl http://127.0.0.1:8117/v1/chat/completions -H 'Content-Type: application/json' \\\n"
		"    -d '{\"messages\":[{\"role\":\"user\",\"content\":\"How do you true a wheel?\"}]}'\n"
		"Any other address than loopback needs a token, in TWIN_TOKEN or serve.token_file.",
	.describe = describe,
	.opts = opts,
	.opts_size = sizeof(struct serve),
	.run = serve,
};
