/*
 * serve/metrics.h: what the server counts, in Prometheus' text format.
 * Any thread.
 */
#ifndef TW_SERVE_METRICS_H
#define TW_SERVE_METRICS_H

#include <stdint.h>

#include "base/str.h"

struct tw_metrics; /* opaque */

/* What is true now, asked when the text is written. */
struct tw_metrics_now {
	size_t waiting, limit;
	int64_t revision;
	const char *model; /* label */
	double uptime_s;
};

struct tw_metrics *tw_metrics_new(void);
void tw_metrics_free(struct tw_metrics *m); /* NULL is fine */

/* `route` is one of a fixed few, never what the client sent. */
void tw_metrics_request(struct tw_metrics *m, const char *route, int status, double seconds);
void tw_metrics_answer(struct tw_metrics *m, const char *finish, int prompt_tokens,
		       int completion_tokens, double retrieve_s, double first_token_s,
		       double total_s);
double tw_metrics_mean_answer_s(struct tw_metrics *m); /* of the last few; for Retry-After */
void tw_metrics_render(struct tw_str *out, struct tw_metrics *m, const struct tw_metrics_now *now);

#endif
