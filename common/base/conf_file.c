/* conf_file.c - see conf_file.h. */
#include "common/base/conf_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/conf.h"

static int
read_all(FILE *f, char **ret_text, size_t *ret_len)
{
	char *text = malloc(CONF_FILE_MAX + 1), *fit;
	size_t len;
	int r = 0;

	if (!text)
		return -ENOMEM;
	errno = 0;
	len = fread(text, 1, CONF_FILE_MAX + 1, f);
	if (ferror(f))
		r = errno ? -errno : -EIO; /* a directory, for one */
	else if (len > CONF_FILE_MAX)
		r = -EFBIG;
	if (r < 0) {
		free(text);
		return r;
	}
	text[len] = '\0';
	fit = realloc(text, len + 1);
	*ret_text = fit ? fit : text;
	*ret_len = len;
	return 0;
}

/* What begins at p: the text that ends it, or NULL if it is neither string nor comment. */
static const char *
closer(const char *p)
{
	static const struct {
		const char *open, *close;
	} kinds[] = { { "#", "\n" }, { "//", "\n" }, { "/*", "*/" }, { "\"", "\"" }, { "'", "'" } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(p, kinds[i].open, strlen(kinds[i].open)) == 0)
			return kinds[i].close;
	return NULL;
}

/* Where the string or comment at p ends, or NULL if it does not. */
static char *
find_end(char *p, const char *close)
{
	bool quoted = *p == *close;

	for (p += quoted || *close == '\n' ? 1 : 2; *p; p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		else if (strncmp(p, close, strlen(close)) == 0)
			return p + strlen(close);
	}
	return *close == '\n' ? p : NULL; /* the end of the file ends a line, too */
}

/* How deep in braces we are, and on which line the outermost of them was opened. */
struct braces {
	int depth, line;
};

static void
count_brace(struct braces *b, char c, int line)
{
	if (c == '{' && b->depth++ == 0)
		b->line = line;
	else if (c == '}')
		b->depth--;
}

static int
blank_comments(char *p, struct conf_where where)
{
	struct braces braces = { 0 };

	while (*p) {
		const char *close = closer(p);
		char *end = close ? find_end(p, close) : p + 1;
		bool comment = close && *p != *close;

		if (!end)
			return conf_error(
			    &where, NULL, "a %s is not closed", comment ? "comment" : "string");
		if (!close)
			count_brace(&braces, *p, where.line);
		for (; p < end; p++) {
			if (*p == '\n')
				where.line++;
			else if (comment)
				*p = ' ';
		}
	}
	where.line = braces.line;
	return braces.depth > 0 ? conf_error(&where, NULL, "a brace is not closed") : 0;
}

int
conf_file_read(const char *path, char **ret_text)
{
	struct conf_where where = { .file = path, .line = 1 };
	char *text = NULL;
	size_t len = 0;
	FILE *f = fopen(path, "re");
	int r;

	if (!f)
		return -errno;
	r = read_all(f, &text, &len);
	fclose(f);
	if (r < 0)
		return r;
	r = strlen(text) == len ? blank_comments(text, where)
				: conf_error(&where, NULL, "not a text file");
	if (r < 0)
		free(text);
	else
		*ret_text = text;
	return r;
}
