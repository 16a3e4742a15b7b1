/*
 * inference/batch_file.h: the files of a batch: input lines, the part file that
 * grows with each answer, and the output that appears whole.
 *
 * A part file that was cut in the middle of a line (power loss) is cut back to
 * its last whole line.
 */
#ifndef TW_INFERENCE_BATCH_FILE_H
#define TW_INFERENCE_BATCH_FILE_H

#include <stdio.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#define TW_BATCH_LINE_MAX (1 << 20) /* bytes */

/* The input is read several times. What can be read only once is first copied into a file without a name, in the folder
 * of the output, which goes with the process. */
struct tw_batch_input {
	const char *name; /* as the user gave it */
	const char *path; /* to read from */
	int fd;		  /* of the copy, or 0 */
};
/* `in`: a file, a pipe, or "-" for standard input. *i is closed also after a failure. */
TW_MUST_USE enum tw_status tw_batch_input_open(struct tw_batch_input *i, const char *in,
					       const char *out, struct tw_arena *a,
					       struct tw_err *err);
void tw_batch_input_close(struct tw_batch_input *i);

struct tw_batch_file {
	FILE *in;
	int fd; /* of the part file; -1 before */
	const char *in_path, *out_path, *part_path;
	int64_t line;  /* number of the input line read last */
	int64_t lines; /* of the input, with something in them */
	int64_t done;  /* input lines up to this one have their output in the part file */
	int64_t answered, failed;  /* in the part file */
	struct tw_map predictions; /* ids in the part file */
};

/* Start *f from zeros; end with tw_batch_file_close() also after a failure. */
TW_MUST_USE enum tw_status tw_batch_file_open(struct tw_batch_file *f,
					      const struct tw_batch_input *in, const char *out,
					      const char *digest, struct tw_arena *a,
					      struct tw_err *err);
void tw_batch_file_close(struct tw_batch_file *f);

/* The next line with something in it. TW_DONE at the end; TW_SKIPPED for a line that is too long. */
TW_MUST_USE enum tw_status tw_batch_file_read(struct tw_batch_file *f, struct tw_str *text,
					      int64_t *line, struct tw_err *err);
/* One output line, without its newline; on disk when it returns. */
TW_MUST_USE enum tw_status tw_batch_file_write(struct tw_batch_file *f, struct tw_str *line,
					       struct tw_err *err);
/* The part file gets its final name. */
TW_MUST_USE enum tw_status tw_batch_file_finish(struct tw_batch_file *f, struct tw_err *err);

#endif
