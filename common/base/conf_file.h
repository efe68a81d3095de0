/*
 * conf_file.h - a configuration file's text, ready for libConfuse.
 *
 * Comments (#, //, C's) are blanked and newlines kept, because libConfuse 3.3
 * loses count of the lines behind a comment. Strings, comments and braces that are
 * not closed are found here, with the line they begin on: libConfuse would report
 * the end of the file, or take it as the end of the section.
 *
 * Layer: base; reads files. Used by conf.c only.
 */
#pragma once

#define CONF_FILE_MAX (1 << 20) /* octets: far beyond any configuration, below any harm */

/*
 * Returns 0 and text that the caller frees; -errno if the file cannot be read
 * (-EFBIG if it is too large), nothing said; or -EINVAL after a message.
 */
int conf_file_read(const char *path, char **ret_text);
