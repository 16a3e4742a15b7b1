/* Which kinds of files are read. */
#include "collect/file/files_int.h"

extern const struct file_format file_format_html, file_format_text;

const struct file_format *const file_formats[] = {&file_format_html, &file_format_text, NULL};
