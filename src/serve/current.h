/*
 * serve/current.h: the deployment that serves now.
 *
 * Each request takes it, and gives it back when its answer is done. Taking
 * compares the registry's active revision: when another process has promoted
 * or rolled back, the new one is opened first and the old one closes with its
 * last answer. What cannot be opened is not served: the old one stays, and the
 * log says why. Any thread.
 */
#ifndef TW_SERVE_CURRENT_H
#define TW_SERVE_CURRENT_H

#include "inference/deployment.h"

struct tw_current; /* opaque */

/* `ref` NULL follows the active deployment. Opens the LLM too. */
TW_MUST_USE enum tw_status tw_current_open(struct tw_current **out,
					   const struct tw_inference_env *env, const char *ref,
					   struct tw_err *err);
void tw_current_close(struct tw_current *c); /* all given back; NULL is fine */

struct tw_serving *tw_current_take(struct tw_current *c);
void tw_current_give_back(struct tw_current *c, struct tw_serving *s);

#endif
