/*
 * What Twin's trainer makes of tokens: float32 logits to stdout, (n, vocabulary), for bench/clients.py.
 *
 *	clients_logits BASE ADAPTER|- RANK ALPHA TOKEN ...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/adapter.h"
#include "net/net.h"

static void must(enum tw_status st, const struct tw_err *err)
{
	if (st == TW_OK)
		return;
	fprintf(stderr, "clients_logits: %s: %s\n", tw_status_name(st), err->msg);
	exit(1);
}

/* Asks for the logits of every token. */
static void ask_all(struct tw_batch *b, char **tokens, int n)
{
	int32_t *ids = tw_xcalloc((size_t)n, sizeof(*ids));
	uint8_t *answer = tw_xcalloc((size_t)n, 1);
	for (int i = 0; i < n; i++)
		ids[i] = atoi(tokens[i]);
	tw_batch_clear(b);
	tw_batch_add(b, &(struct tw_sample){ids, answer, n});
	b->n_loss = n;
	for (int i = 0; i < n; i++)
		b->from[i] = i;
	free(ids);
	free(answer);
}

static void write_logits(const struct tw_weights *w, struct tw_lora *lora, char **tokens, int n)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_net net;
	struct tw_batch b;
	const struct tw_compute c = {.pool = tw_pool_new(1), .gemm = tw_gemm_best()};
	const struct tw_net_size size = {.cap = n, .longest = n};
	must(tw_batch_init(&b, n, &err), &err);
	must(tw_net_init(&net, w, lora, &c, &size, &err), &err);
	ask_all(&b, tokens, n);
	fwrite(tw_net_logits(&net, &b), sizeof(float), (size_t)n * (size_t)w->shape.V, stdout);
	tw_net_release(&net);
	tw_batch_release(&b);
	tw_pool_free(c.pool);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"all-linear", NULL};
	const struct tw_strings targets = {names, 1};
	struct tw_err err = TW_ERR_INIT;
	struct tw_weights w;
	struct tw_lora lora;
	if (argc < 6 || argc - 5 > TW_HEAD_TOKENS || atoi(argv[3]) < 1)
		return 2;
	const struct tw_lora_config conf = {
		.rank = atoi(argv[3]), .alpha = atof(argv[4]), .targets = &targets};
	must(tw_weights_open(&w, argv[1], &err), &err);
	must(tw_lora_init(&lora, &w.shape, &conf, &err), &err);
	lora.p = tw_xcalloc(lora.n, sizeof(float));
	if (strcmp(argv[2], "-") != 0)
		must(tw_adapter_read(lora.p, &lora, w.arch, argv[2], NULL, &err), &err);
	write_logits(&w, &lora, argv + 5, argc - 5);
	free(lora.p);
	tw_lora_release(&lora);
	tw_weights_close(&w);
	return ferror(stdout) || fflush(stdout) != 0;
}
