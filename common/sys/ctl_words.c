/* ctl_words.c - see ctl_words.h. */
#include "common/sys/ctl_words.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Unquote the word at *from to to; both may be the same. False: a quote is not closed. */
static bool
take_word(char **from, char *to)
{
	bool quoted = false;
	char *p = *from;

	for (; *p && (quoted || !is_space(*p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			*to++ = *++p;
		else
			*to++ = *p;
	}
	*from = *p ? p + 1 : p;
	*to = '\0';
	return !quoted;
}

int
ctl_words_split(char *line, const char **ret_words, int max)
{
	int n = 0;

	for (;;) {
		char *word;

		while (is_space(*line))
			line++;
		if (!*line)
			return n;
		if (n == max)
			return -E2BIG;
		word = line;
		if (!take_word(&line, word))
			return -EINVAL;
		ret_words[n++] = word;
	}
}

static bool
needs_quotes(const char *word)
{
	return !*word || strpbrk(word, " \t\r\"");
}

/* Append a word; returns where it ends, or NULL if it does not fit. */
static char *
put_word(char *p, const char *end, const char *word)
{
	bool quoted = needs_quotes(word);

	if (quoted && p < end)
		*p++ = '"';
	for (; *word; word++) {
		if (quoted && (*word == '"' || *word == '\\') && p < end)
			*p++ = '\\';
		if (p == end)
			return NULL;
		*p++ = *word;
	}
	if (p + quoted >= end)
		return NULL;
	if (quoted)
		*p++ = '"';
	return p;
}

int
ctl_words_join(int n, const char *const *words, char *ret_line, size_t len)
{
	const char *end = ret_line + len;
	char *p = ret_line;

	for (int i = 0; i < n; i++) {
		if (strchr(words[i], '\n'))
			return -EINVAL;
		if (i > 0 && p < end)
			*p++ = ' ';
		p = put_word(p, end, words[i]);
		if (!p)
			return -EMSGSIZE;
	}
	if (p == end)
		return -EMSGSIZE;
	*p = '\0';
	return (int)(p - ret_line);
}
