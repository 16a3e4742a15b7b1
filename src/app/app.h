/*
 * app/app.h: what a command works with: configuration, stores, models.
 *
 * Only the app knows all folders: it opens an LLM, an embedder and the stores
 * and hands them to the pipelines. Everything is opened at first use and closed
 * by tw_app_close(). One thread.
 */
#ifndef TW_APP_APP_H
#define TW_APP_APP_H

#include <stdbool.h>
#include <stdio.h>

#include "base/http.h"
#include "core/blob_store.h"
#include "core/config.h"
#include "core/document_store.h"
#include "core/embedder.h"
#include "core/feature_store.h"
#include "core/llm.h"
#include "core/model_registry.h"

struct tw_opened_models; /* app/models.c */

struct tw_app {
	struct tw_config *conf;
	struct tw_feature_store *fs;
	struct tw_model_registry *mr;
	struct tw_blob_store *blobs;
	struct tw_http *http;
	struct tw_opened_models *models;
	struct tw_arena arena; /* lives as long as the command */
	int lock_fd;	       /* -1: not held */
	const char *dir;       /* -C; NULL: the working folder */
	char *const *settings; /* --set, NULL-terminated */
	bool json;	       /* --json */
	bool offline;	       /* --offline */
};

/* Finds twin.yaml from `dir` upwards, applies the --set assignments (NULL-terminated), and checks every section. */
TW_MUST_USE enum tw_status tw_app_load(struct tw_app *app, const char *dir, char *const *settings,
				       struct tw_err *err);
TW_MUST_USE enum tw_status tw_app_check_config(struct tw_app *app, struct tw_err *err);
/* Writes into the configuration what its sections mean for each other; of a configuration that was checked. */
TW_MUST_USE enum tw_status tw_app_imply(struct tw_app *app, struct tw_err *err);
/* Opens the stores below .twin/ (made when absent), and with `lock` takes the folder's lock:
 * TW_CONFLICT when another twin is at work there. */
TW_MUST_USE enum tw_status tw_app_open(struct tw_app *app, bool lock, struct tw_err *err);
/* The lock by itself, for who opened without. */
TW_MUST_USE enum tw_status tw_app_lock(struct tw_app *app, struct tw_err *err);
void tw_app_unlock(struct tw_app *app); /* also when it is not held */
void tw_app_close(struct tw_app *app);

/* Models by spec, opened once and kept; NULL: the configured one. Borrowed. `ctx` is the struct tw_app:
 * the signature is that of the pipelines' callbacks. */
TW_MUST_USE enum tw_status tw_app_llm(void *ctx, const char *spec, struct tw_llm **out,
				      struct tw_err *err);
/* The model's file. TW_UNSUPPORTED for a remote one. */
TW_MUST_USE enum tw_status tw_app_llm_file(struct tw_app *app, const char *spec, const char **out,
					   struct tw_err *err);
TW_MUST_USE enum tw_status tw_app_embedder(void *ctx, const char *spec, struct tw_embedder **out,
					   struct tw_err *err);
void tw_models_close(struct tw_opened_models *m);

/* Writes a finished JSON text and a newline to stdout. */
void tw_print_json(const struct tw_str *json);

#endif
