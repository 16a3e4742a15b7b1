/* Which kinds of files are read. */
#include "collect/file/files_int.h"

extern const struct file_format file_format_docx, file_format_odt, file_format_epub,
	file_format_pdf;
extern const struct file_format file_format_html, file_format_org, file_format_rst,
	file_format_adoc, file_format_tex, file_format_ipynb, file_format_subtitles,
	file_format_text;

const struct file_format *const file_formats[] = {&file_format_html,
						  &file_format_org,
						  &file_format_rst,
						  &file_format_adoc,
						  &file_format_tex,
						  &file_format_ipynb,
						  &file_format_subtitles,
						  &file_format_docx,
						  &file_format_odt,
						  &file_format_epub,
						  &file_format_pdf,
						  &file_format_text,
						  NULL};
