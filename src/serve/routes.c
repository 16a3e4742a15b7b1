/* Every address that the server answers to. */
#include "serve/server_int.h"

const struct tw_route tw_routes[] = {
	{"POST", "/v1/chat/completions", tw_api_chat},
	{"POST", "/v1/completions", tw_api_completions},
	{"POST", "/v1/embeddings", tw_api_embeddings},
	{"GET", "/v1/models", tw_api_models},
	{"GET", "/v1/models/", tw_api_model},
	{"POST", "/api/documents", tw_api_documents},
	{"GET", "/api/about", tw_api_about},
	{"GET", "/api/examples", tw_api_examples},
	{"GET", "/api/search", tw_api_search},
	{"GET", "/api/features/", tw_api_features},
	{"GET", "/api/lineage/", tw_api_lineage},
	{"GET", "/metrics", tw_api_metrics},
	{"GET", "/healthz", tw_api_health},
	{"GET", "/", tw_api_page},
	{"GET", "/style.css", tw_api_page},
	{"GET", "/app.js", tw_api_page},
	{"GET", "/favicon.svg", tw_api_page},
	{0},
};
