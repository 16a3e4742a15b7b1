/*
 * feature/questions_int.h: judging a question that a small LLM wrote.
 */
#ifndef TW_FEATURE_QUESTIONS_INT_H
#define TW_FEATURE_QUESTIONS_INT_H

#include "base/mem.h"

/* The question alone: first line, without quotes, "Question:" or a number in front. */
char *tw_question_text(const char *generated, struct tw_arena *a);

/* "ok", or why it can't be used. */
const char *tw_question_status(const char *question, struct tw_bytes passage, const char *lang,
			       struct tw_arena *a);

#endif
