/*
 * app/import_adapter.h: `twin import adapter`: an adapter that another program made, as a file or as a model version.
 */
#ifndef TW_APP_IMPORT_ADAPTER_H
#define TW_APP_IMPORT_ADAPTER_H

#include "app/app.h"

struct tw_import_adapter {
	const char *from;   /* PEFT's folder, or a GGUF LoRA */
	const char *output; /* GGUF to write; NULL: registers a model version */
	const char *base;   /* GGUF that it was trained on; NULL: the configured LLM */
	const char *
		dataset; /* that it was trained on, "none" for one that is not of this twin; NULL: not said */
};

/* Prints what was made. A version gets the features and the signature of now, which must be those of the dataset. */
TW_MUST_USE enum tw_status tw_import_adapter(struct tw_app *app, const struct tw_import_adapter *o,
					     struct tw_err *err);

#endif
