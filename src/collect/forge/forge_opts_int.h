/*
 * collect/forge/forge_opts_int.h: the options of the sources of GitHub and GitLab.
 */
#ifndef TW_COLLECT_FORGE_OPTS_INT_H
#define TW_COLLECT_FORGE_OPTS_INT_H

#include "collect/forge/forge_int.h"

#define FORGE_OPTS(api, env, all_of, own)                                                             \
	{"user", TW_OPT_STRING, offsetof(struct forge, user), .flags = TW_OPT_REQUIRED,               \
	 .help = "login of the author"},                                                              \
		{"repositories", TW_OPT_LIST, offsetof(struct forge, repositories),                   \
		 .help = "owner/name of each that is read (default: the user's own, without forks)"}, \
		{"what", TW_OPT_LIST, offsetof(struct forge, what), .def = all_of, .help = own},      \
		{"token_env",                                                                         \
		 TW_OPT_STRING,                                                                       \
		 offsetof(struct forge, token_env),                                                   \
		 .def = env,                                                                          \
		 .flags = TW_OPT_NOT_IDENTITY,                                                        \
		 .help = "variable of the environment that holds the token"},                         \
		{"url", TW_OPT_STRING, offsetof(struct forge, url), .def = api,                       \
		 .help = "base of the API, for a server of one's own"},                               \
		{"since", TW_OPT_STRING, offsetof(struct forge, since),                               \
		 .help = "a date; issues and comments that were written before are left out"},        \
		{"most",                                                                              \
		 TW_OPT_INT,                                                                          \
		 offsetof(struct forge, most),                                                        \
		 .def = "0",                                                                          \
		 .min = 0,                                                                            \
		 .max = 10000000,                                                                     \
		 .flags = TW_OPT_NOT_IDENTITY,                                                        \
		 .help = "at most so many documents; a pass that reaches it removes none; 0: all"},   \
		FILE_RULE_OPTS(struct forge, rules),                                                  \
		{"code", TW_OPT_LIST, offsetof(struct forge, code),                                   \
		 .help = "globs of the files that are code, such as *.c; needs a licence"},           \
		{"licenses", TW_OPT_LIST, offsetof(struct forge, licenses),                           \
		 .help = "licences that code is taken under (MIT, Apache-2.0); without it any "       \
			 "that the service recognises"},                                              \
		{"private", TW_OPT_BOOL, offsetof(struct forge, private_too), .def = "false",         \
		 .help = "of the user's own what only the token's owner sees, too"},                  \
		{"delay",                                                                             \
		 TW_OPT_REAL,                                                                         \
		 offsetof(struct forge, delay),                                                       \
		 .def = "0.1",                                                                        \
		 .min = 0,                                                                            \
		 .max = 3600,                                                                         \
		 .flags = TW_OPT_NOT_IDENTITY,                                                        \
		 .help = "seconds between two requests"},                                             \
		{"max_wait",                                                                          \
		 TW_OPT_INT,                                                                          \
		 offsetof(struct forge, max_wait),                                                    \
		 .def = "120",                                                                        \
		 .min = 0,                                                                            \
		 .max = 86400,                                                                        \
		 .flags = TW_OPT_NOT_IDENTITY,                                                        \
		 .help = "seconds to wait when no more requests are allowed; for longer, the next "   \
			 "pass goes on from there"},                                                  \
	{                                                                                             \
		"allow_private", TW_OPT_BOOL, offsetof(struct forge, allow_private),                  \
			.def = "false", .flags = TW_OPT_NOT_IDENTITY,                                 \
			.help = "the host may be in a private network, or this machine"               \
	}

#endif
