/*
 * core/plugin.h: a plugin by its name.
 *
 * Plugins are const structs whose first member is their name, listed in
 * app/plugins.c. See source.h, transform.h, trainer.h for what each kind is.
 */
#ifndef TW_CORE_PLUGIN_H
#define TW_CORE_PLUGIN_H

#include "base/err.h"
#include "core/config.h"

/* `types`: NULL-terminated array of pointers to such structs. NULL, and TW_BAD_USE as tw_unknown(), for another name. */
TW_MUST_USE enum tw_status tw_plugin_find(const void **out, const void *types, const char *what,
					  const char *name, struct tw_err *err);

/* The type that `key` of the configuration names ("training.trainer"); the list's first when it names none. TW_BAD_USE. */
TW_MUST_USE enum tw_status tw_plugin_configured(const void **out, const void *types,
						const char *what, const char *key,
						const struct tw_config *conf, struct tw_err *err);

#endif
